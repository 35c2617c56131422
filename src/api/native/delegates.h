#pragma once
#include "api/native/common.h"
#include "governance/delegate.h"

namespace regesta::api::native {

struct DelegateAnswer {
  std::int64_t id = 0;
  std::string delegator, delegate, role, reason;
  bool inForce = false;
  std::string why;
  std::optional<std::string> startsAt, endsAt, addedAt, removedAt, removedBy;
  static constexpr Field fields[] = {
      field<&DelegateAnswer::id>("id"),
      field<&DelegateAnswer::delegator>("delegator"),
      field<&DelegateAnswer::delegate>("delegate"),
      field<&DelegateAnswer::role>("role", about("empty: each approval role that the delegator holds")),
      field<&DelegateAnswer::reason>("reason"),
      field<&DelegateAnswer::inForce>("in_force", about("the delegate can approve on behalf of the delegator now")),
      field<&DelegateAnswer::why>("why", about("why it is not in force")),
      field<&DelegateAnswer::startsAt>("starts_at"),
      field<&DelegateAnswer::endsAt>("ends_at"),
      field<&DelegateAnswer::addedAt>("added_at"),
      field<&DelegateAnswer::removedAt>("removed_at"),
      field<&DelegateAnswer::removedBy>("removed_by")};
};
struct NewDelegate {
  std::string delegate, role, reason, startsAt, endsAt;
  static constexpr std::string_view documentation =
      "Lets another user approve change requests on behalf of the caller, in roles that the caller holds, until it "
      "ends. "
      "What one of the two made, neither can approve. Roles that were delegated, and the role admin, are not passed "
      "on.";
  static constexpr Field fields[] = {
      field<&NewDelegate::delegate>("delegate", required | about("name of a user")),
      field<&NewDelegate::endsAt>("ends_at", required | about("RFC 3339, at most 90 days after it starts")),
      field<&NewDelegate::startsAt>("starts_at", about("RFC 3339; absent: now")),
      field<&NewDelegate::role>("role", about("absent: each approval role that the caller holds")),
      field<&NewDelegate::reason>("reason", about("kept in the ledger"))};
};

Page<DelegateAnswer> listDelegates(Call& call, const PageQuery& query);
DelegateAnswer addDelegate(Call& call, const NewDelegate& request);
DelegateAnswer getDelegate(Call& call, const NumberOnly& path);
DelegateAnswer removeDelegate(Call& call, const NumberOnly& path);

}  // namespace regesta::api::native

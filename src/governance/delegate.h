#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/access.h"
#include "governance/change_request.h"
#include "registry/change.h"

/// Delegates: for a period, a user may review change requests on behalf of an approver who is away.
namespace regesta::governance {

struct Delegation {
  std::int64_t id = 0;
  std::string workspace;
  std::string delegator, delegate;  ///< actors
  std::string role;                 ///< the only one; empty: each approval role that the delegator holds
  std::int64_t startsAt = 0, endsAt = 0;
  std::string reason;
  std::int64_t addedAt = 0, removedAt = 0;  ///< 0: not removed before its end
  std::string removedBy;
  std::string subject() const { return "delegate/" + std::to_string(id); }
  /// Digest of what the entry that added it says.
  std::string bound() const;
};

constexpr std::int64_t longestDelegationDays = 90;

/// The delegation is the caller's own; startsAt 0 is now. Throws Error{denied} for tokens and for roles that the caller
/// does not hold: a role that was delegated, and the role admin, are not passed on. Invalid for a delegate who is not
/// an active user of the workspace, and for a period that is over or too long.
Delegation addDelegate(registry::Change& change, const access::Identity& identity, Delegation delegation);
/// For either of the two and for administrators of the workspace. Approvals given before stay.
Delegation removeDelegate(registry::Change& change, const access::Identity& identity, Delegation delegation);

std::optional<Delegation> findDelegate(db::Transaction& transaction, std::string_view workspace, std::int64_t id);
/// Newest first; `before` 0: from the newest.
std::vector<Delegation> listDelegates(db::Transaction& transaction, std::string_view workspace, std::int64_t before,
                                      std::size_t limit);
/// Either of the two, and who approves, administers or audits in the workspace.
bool maySee(const access::Identity& identity, const Delegation& delegation);
/// Empty: it is in force.
std::string whyNotInForce(db::Transaction& transaction, const Delegation& delegation, std::int64_t nowMillis);

/// Somebody for whom a user may review a request, and the roles in which.
struct Represented {
  std::string actor;
  std::vector<std::string> roles;
};
/// By the delegations that are in force, roles that the delegators hold now.
std::vector<Represented> representedBy(db::Transaction& transaction, const registry::Actor& delegate,
                                       const ChangeRequest& request, std::int64_t nowMillis);

}  // namespace regesta::governance

#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/asset.h"

namespace regesta::governance {

enum class RequestStatus {
  open,
  applied,
  rejected,
  withdrawn,
  stale,    ///< its subject has changed
  expired,  ///< it was open for too long
};
std::string_view statusName(RequestStatus status);
std::optional<RequestStatus> parseRequestStatus(std::string_view name);

/// A request to move a protected pointer whose requirements are not met yet. It names exact digests: of the requested
/// version and of the current one.
struct ChangeRequest {
  std::int64_t id = 0;
  std::int64_t asset = 0;  ///< row id, because the name can be reused; 0: opened before migration 0022
  registry::AssetKey key;
  registry::Pointer pointer;
  std::string action;  ///< move, rollback, remove
  std::int64_t fromNumber = 0, toNumber = 0;
  std::string fromDigest, toDigest;
  bool archiveOthers = false;
  std::string plan;  ///< of the rollout that it starts (registry::canonicalPlan); empty: it moves the pointer
  std::string reason;
  RequestStatus status = RequestStatus::open;
  std::string requestedBy;
  std::int64_t openedAt = 0, closedAt = 0;
  std::string closedBy, note;
  std::string decision;        ///< digest of its newest decision
  std::int64_t notBefore = 0;  ///< it is carried out at this time or later; 0: as soon as nothing is missing
  std::string changeSet;  ///< all open requests of one are carried out together or not at all; empty: it stands alone
  std::string subject() const { return "change-request/" + std::to_string(id); }
  std::string pointerSubject() const { return key.subject(pointer); }
  /// Digest of what an approval of this request covers: pointer, action, both versions with their digests, and plan.
  std::string bound() const;
};

struct Approval {
  std::int64_t changeRequest = 0;
  std::string actor;
  std::vector<std::string> roles;  ///< those it was given in
  std::string comment;
  std::string bound;     ///< ChangeRequest::bound() at that moment
  std::string decision;  ///< the decision that the approver saw
  std::int64_t at = 0;
  std::string onBehalfOf = {};  ///< the approver whose delegate (delegate.h) gave it, in their roles; empty: nobody
  /// Whether the actor gave it, or a delegate gave it for them.
  bool isBy(std::string_view who) const { return actor == who || (!onBehalfOf.empty() && onBehalfOf == who); }
  /// Whether somebody is behind both: such approvals count once.
  bool sharesVoiceWith(const Approval& other) const {
    return isBy(other.actor) || (!other.onBehalfOf.empty() && isBy(other.onBehalfOf));
  }
};

/// Recorded as "change-request.opened".
ChangeRequest openChangeRequest(registry::Change& change, ChangeRequest request);
std::optional<ChangeRequest> findChangeRequest(db::Transaction& transaction, std::int64_t id);
ChangeRequest getChangeRequest(db::Transaction& transaction, std::int64_t id);  ///< throws Error{notFound}
/// The request that was applied with this decision.
std::optional<ChangeRequest> findApplied(db::Transaction& transaction, std::string_view workspace,
                                         std::string_view decision);
/// The open one for the same pointer, action, versions, digests, plan and change set.
std::optional<ChangeRequest> findOpen(db::Transaction& transaction, const ChangeRequest& like);
/// The requests of a change set, by id. It is not empty.
std::vector<ChangeRequest> requestsOfSet(db::Transaction& transaction, std::string_view changeSet);
/// `status` is not open. Recorded as "change-request.applied", ".rejected", ".withdrawn" or ".stale". `data` is added
/// to the entry. No effect if it was closed before. Unless it is applied, the others of its change set become stale.
void closeChangeRequest(registry::Change& change, const ChangeRequest& request, RequestStatus status,
                        std::string_view note, json::object data = {});
/// Closes the other open requests on the pointer, whose current version has changed. 0: all of them.
void closeStale(registry::Change& change, const registry::AssetKey& key, const registry::Pointer& pointer,
                std::int64_t except);
/// Closes the open requests about a renamed or deleted asset; `version` not 0: those that move to or from it.
void closeRequestsAbout(registry::Change& change, const registry::Asset& asset, std::int64_t version,
                        std::string_view note);
/// Ids of the requests about the version of the asset, open or closed; with `openOnly` the open ones.
std::vector<std::int64_t> requestsAbout(db::Transaction& transaction, const registry::Asset& asset,
                                        std::int64_t version, bool openOnly);
/// Recorded as "change-request.decided".
void noteDecision(registry::Change& change, const ChangeRequest& request, std::string_view decision);

/// Recorded as "approval.given". Throws Error{exists} for a second one by the same actor, unless the first no longer
/// counts. `via`: the way by which it came (ReviewChannel), for the entry; empty: none.
void addApproval(registry::Change& change, const ChangeRequest& request, const Approval& approval, bool replace,
                 const json::object& via = {});
std::vector<Approval> approvalsOf(db::Transaction& transaction, std::int64_t changeRequest);

/// Ids of the open ones whose scheduled time came after their newest decision.
std::vector<std::int64_t> scheduledRequests(db::Transaction& transaction, std::int64_t nowMillis);

struct RequestFilter {
  std::string workspace = "default", status, kind, name;
  std::int64_t before = 0;
  std::size_t limit = 100;
};
/// Newest first.
std::vector<ChangeRequest> listChangeRequests(db::Transaction& transaction, const RequestFilter& filter);

}  // namespace regesta::governance

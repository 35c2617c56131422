#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/asset.h"

namespace regesta::governance {

/// A wish to move a protected pointer that waits for something. It is about exact digests: the version that should come
/// and the one that would go. Status: open, applied, rejected, withdrawn, stale (what it was about has changed).
struct ChangeRequest {
  std::int64_t id = 0;
  registry::AssetKey key;
  std::string pointer;
  std::string action;  ///< move, rollback, remove
  std::int64_t fromNumber = 0, toNumber = 0;
  std::string fromDigest, toDigest;
  bool archiveOthers = false;
  std::string plan;  ///< of the rollout that it starts (registry::canonicalPlan); empty: it moves the pointer
  std::string reason;
  std::string status = "open";
  std::string requestedBy;
  std::int64_t openedAt = 0, closedAt = 0;
  std::string closedBy, note;
  std::string decision;  ///< digest of its newest decision
  std::string subject() const { return "change-request/" + std::to_string(id); }
  std::string pointerSubject() const { return key.subject() + "#" + pointer; }
  /// Digest of what an approval of this request is for: pointer, action, both versions with their digests, and the
  /// plan.
  std::string bound() const;
};

struct Approval {
  std::int64_t changeRequest = 0;
  std::string actor;
  std::vector<std::string> roles;  ///< those it was given in
  std::string comment;
  std::string bound;     ///< ChangeRequest::bound() at that moment
  std::string decision;  ///< what the approver had in view
  std::int64_t at = 0;
};

/// Recorded as "change-request.opened".
ChangeRequest openChangeRequest(registry::Change& change, ChangeRequest request);
std::optional<ChangeRequest> findChangeRequest(db::Session& session, std::int64_t id);
ChangeRequest getChangeRequest(db::Session& session, std::int64_t id);  ///< throws Error{notFound}
/// The one that was carried out on this decision.
std::optional<ChangeRequest> findApplied(db::Session& session, std::string_view workspace, std::string_view decision);
/// The open one for the same pointer, action, versions, digests and plan.
std::optional<ChangeRequest> findOpen(db::Session& session, const ChangeRequest& like);
/// Recorded as "change-request.applied", ".rejected", ".withdrawn" or ".stale". `data` is added to the entry.
void closeChangeRequest(registry::Change& change, const ChangeRequest& request, std::string_view status,
                        std::string_view note, json::object data = {});
/// Closes every other open request on the pointer: it no longer stands where they said. 0: all of them.
void closeStale(registry::Change& change, const registry::AssetKey& key, std::string_view pointer, std::int64_t except);
/// Recorded as "change-request.decided".
void noteDecision(registry::Change& change, const ChangeRequest& request, std::string_view decision);

/// Recorded as "approval.given". Throws Error{exists} for a second one by the same actor.
void addApproval(registry::Change& change, const ChangeRequest& request, const Approval& approval);
std::vector<Approval> approvalsOf(db::Session& session, std::int64_t changeRequest);

struct RequestFilter {
  std::string workspace = "default", status, kind, name;
  std::int64_t before = 0;
  std::size_t limit = 100;
};
/// Newest first.
std::vector<ChangeRequest> listChangeRequests(db::Session& session, const RequestFilter& filter);

}  // namespace regesta::governance

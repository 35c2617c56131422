#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "governance/access.h"
#include "governance/binding.h"
#include "governance/change_request.h"
#include "governance/evidence.h"
#include "registry/version.h"

namespace regesta::governance {

/// What is asked of the gate, in its own terms.
struct Question {
  registry::AssetKey key;
  std::string pointer;  ///< canonical
  std::int64_t to = 0;
  std::string reason;
  bool rollback = false;
  bool archiveOthers = false;
  std::int64_t leaving =
      0;                  ///< for a stage and to == 0: the version that leaves it, which need not be the newest in it
  std::string plan = {};  ///< of the rollout to start (registry::canonicalPlan); empty: the pointer moves
  std::optional<std::int64_t> from = std::nullopt;  ///< where it must stand; else Error{conflict}
  /// Asked instead of the policies that are bound: for looking only, nothing may move on it.
  std::optional<BoundPolicy> tried = std::nullopt;
};

/// Everything one decision rests on, read in one snapshot. docs/policy-input.md describes `input`, member by member.
struct Facts {
  registry::Asset asset;
  std::int64_t from = 0;  ///< where the pointer stands
  std::optional<registry::Version> candidate, current;
  std::vector<BoundPolicy> policies;
  std::vector<Evidence> evidence;     ///< on the candidate
  std::vector<Approval> approvals;    ///< still bound, with the roles that their givers still hold
  std::optional<ChangeRequest> open;  ///< the open change request about exactly this
  std::string action;                 ///< move, rollback, remove
  json::object input;                 ///< without "time"
  /// SHA-256 over input (without change_request) and policy digests: the same facts make the same decision.
  std::string digest;
  ChangeRequest request(const Question& question) const;  ///< an unsaved one about this
};

/// A move as the gate sees it: the pointer that is to move and, when a version leaves a guarded stage on its way into
/// another, that stage too. Starting a rollout is asked about like a move to each of its arms. Approvals and the change
/// request are the move's.
struct Case {
  Question question;
  Facts move;
  std::optional<Facts> leaving;
  std::vector<Facts> arms = {};  ///< of a rollout's arms behind the first, whose candidate is the move's
  bool guarded() const { return !move.policies.empty() || leaving; }
  std::string digest() const;  ///< over the facts of all
};

/// `identity` is who asks. Throws Error{notFound} for a missing asset or version. Unguarded: only asset, from,
/// candidate and current are filled in.
Case collectCase(db::Session& session, const Identity& identity, const Question& question, std::int64_t nowMillis);

/// One version as policies see it; `evidence` is what evidenceOn() says of it.
json::object describeVersion(db::Session& session, const registry::Version& version,
                             const std::vector<Evidence>& evidence);

}  // namespace regesta::governance

#pragma once
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "access/access.h"
#include "base/json.h"
#include "governance/binding.h"
#include "governance/change_request.h"
#include "governance/evidence.h"
#include "governance/scope.h"
#include "governance/waiver.h"
#include "registry/version.h"

namespace regesta::governance {

/// A proposed move, as the gate evaluates it.
struct Question {
  registry::AssetKey key;
  registry::Pointer pointer;
  std::int64_t to = 0;
  std::string reason;
  bool rollback = false;
  bool archiveOthers = false;
  std::int64_t leaving = 0;  ///< for a stage and to == 0: the version that leaves it (not always the newest in it)
  std::string plan = {};     ///< of the rollout to start (registry::canonicalPlan); empty: the pointer moves
  std::optional<std::int64_t> from = std::nullopt;  ///< expected current version; otherwise Error{conflict}
  /// New name of the asset, whose bindings are evaluated while the pointer stays; empty: no rename.
  std::string renamedTo = {};
  /// The asset as policies see it.
  registry::AssetKey rules() const {
    return renamedTo.empty() ? key : registry::AssetKey{key.workspace, key.kind, renamedTo};
  }
  /// Evaluated instead of the bound policies; only for previews.
  std::optional<BoundPolicy> tried = std::nullopt;
  bool breakGlass = false;     ///< moves although the policies refuse it (break_glass.h)
  std::int64_t notBefore = 0;  ///< it waits for this time, in milliseconds; 0: it does not wait
  std::string changeSet = {};  ///< the moves of one happen together; empty: this one stands alone
};

/// All facts of one decision, read in one snapshot. docs/policy-input.md describes `input`, member by member.
struct Facts {
  registry::Asset asset;
  std::int64_t from = 0;  ///< current version of the pointer
  std::optional<registry::Version> candidate, current;
  /// Authors of the candidate, or for a removal, of the current version.
  std::set<std::string> authors;
  std::vector<BoundPolicy> policies;
  std::vector<Evidence> evidence;     ///< on the candidate
  std::vector<Approval> approvals;    ///< still valid, with the roles that the approvers still hold
  std::optional<ChangeRequest> open;  ///< the open change request about exactly this
  std::vector<Waiver> waivers;        ///< in force for the pointer and version
  std::string action;                 ///< move, rollback, remove
  json::object input;                 ///< without "time"
  /// SHA-256 over input (without change_request), policy digests and waivers: equal facts give equal decisions.
  std::string digest;
  ChangeRequest request(const Question& question) const;  ///< an unsaved one about this
};

/// A move with everything to check: the pointer, the protected stage that a version leaves, and each further arm of a
/// rollout to start. Approvals and the change request belong to the move.
struct Case {
  Question question;
  Facts move;
  std::optional<Facts> leaving;
  std::vector<Facts> arms = {};  ///< of a rollout's arms after the first, which is the move's candidate
  bool guarded() const { return !move.policies.empty() || leaving; }
  std::string digest() const;  ///< over the facts of all
  /// Those of the decision's inputs, in its order.
  std::vector<const json::object*> inputs() const;
};

std::set<std::string> authorsIn(db::Transaction& transaction, const Facts& facts);

/// `identity` is the caller. Throws Error{notFound} for a missing asset or version. If the pointer is not protected,
/// only asset, from, candidate and current are set.
Case collectCase(db::Transaction& transaction, const access::Identity& identity, const Question& question,
                 std::int64_t nowMillis);

/// Whether an approval given for the stored decision `digest` still counts for `now`, the inputs of a later case: facts
/// of then are unchanged. Facts that were missing (a card, an evaluation, test results) may have been added.
bool approvalCovers(db::Transaction& transaction, std::string_view digest, const std::vector<const json::object*>& now);

/// The changed member of the input ("candidate.description"); empty if the approval still counts.
std::string changedSince(db::Transaction& transaction, std::string_view digest,
                         const std::vector<const json::object*>& now);

/// One version as policies see it; `evidence` is evidenceOn()'s. `seenBy`: limits run and lineage to what this caller
/// may read, because the caller's own policy could reveal the input.
json::object describeVersion(db::Transaction& transaction, const registry::Version& version,
                             const std::vector<Evidence>& evidence, const Scope* seenBy = nullptr);

}  // namespace regesta::governance

#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/engine.h"
#include "registry/version.h"

namespace regesta::governance {

struct BoundPolicy;

enum class DecisionResult { allowed, refused, pending };
std::string_view resultName(DecisionResult result);
std::optional<DecisionResult> parseDecisionResult(std::string_view name);

/// One result of a gate check, complete enough to evaluate again. `body` is canonical JSON
/// {"v","time","pointer","facts","evaluations":[{"policy","policy_digest","input","verdict"}],"inputs":[…],"verdict",
/// "requirements","result"}; "input" is the place in "inputs". `digest` is the SHA-256 of the body.
struct Decision {
  std::string digest;
  registry::AssetKey key;
  registry::Pointer pointer;
  DecisionResult result = DecisionResult::refused;
  std::string facts;  ///< digest of all its inputs except the time
  std::string body;
  std::int64_t at = 0;
};

/// No effect if it is stored already.
void storeDecision(registry::Change& change, const Decision& decision);
std::optional<Decision> findDecision(db::Transaction& transaction, std::string_view digest);
/// Newest first. Empty kind, name or pointer: any.
std::vector<Decision> listDecisions(db::Transaction& transaction, std::string_view workspace, std::string_view kind,
                                    std::string_view name, std::string_view pointer, std::int64_t before,
                                    std::size_t limit);

/// The version of "policy/fair-lending@2", as a decision in the workspace names it. Throws Error{notFound}.
registry::Version policyOfDecision(db::Transaction& transaction, std::string_view workspace, std::string_view subject);

struct Replayed {
  bool same = false;
  std::vector<std::string> differences;  ///< one sentence per evaluation with another result
};
/// Evaluates a stored decision again: the policy versions it names (their digests must still be the same), its inputs,
/// its time. Throws Error{notFound} if a policy version was deleted and Error{corrupt} if the body does not match its
/// digest.
Replayed replayDecision(registry::Store& store, policy::Engine& engine, const Decision& decision);
/// The same without a registry: `source` returns a policy that the decision names, and may throw.
using PolicySource = std::function<BoundPolicy(const std::string& subject)>;
Replayed replayDecision(policy::Engine& engine, const Decision& decision, const PolicySource& source);

}  // namespace regesta::governance

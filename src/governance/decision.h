#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/engine.h"
#include "registry/asset.h"

namespace regesta::governance {

/// What the gate concluded once, whole: enough to evaluate it again. `body` is canonical JSON
/// {"v","time","pointer","facts","evaluations":[{"policy","policy_digest","input","verdict"}],"inputs":[…],"verdict",
/// "requirements","result"}; "input" is the place in "inputs". `digest` is the SHA-256 of the body.
struct Decision {
  std::string digest;
  registry::AssetKey key;
  std::string pointer;
  std::string result;  ///< allowed, refused, pending
  std::string facts;   ///< digest of all it rests on except the time
  std::string body;
  std::int64_t at = 0;
};

/// Silent when it is stored already.
void storeDecision(registry::Change& change, const Decision& decision);
std::optional<Decision> findDecision(db::Session& session, std::string_view digest);
/// Newest first. Empty kind, name or pointer: any.
std::vector<Decision> listDecisions(db::Session& session, std::string_view workspace, std::string_view kind,
                                    std::string_view name, std::string_view pointer, std::int64_t before,
                                    std::size_t limit);

struct Replayed {
  bool same = false;
  std::vector<std::string> differences;  ///< in words, one for each evaluation that came out otherwise
};
/// Evaluates a stored decision again: the policy versions it names (their digests must still be the same), its inputs,
/// its time. Throws Error{notFound} when a policy version is gone and Error{corrupt} when the body is not what its
/// digest says.
Replayed replayDecision(registry::Store& store, policy::Engine& engine, const Decision& decision);

}  // namespace regesta::governance

#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "delivery/resolve.h"
#include "rollout/choose.h"

namespace regesta::delivery {

/// Everything needed to resolve one selector of one prompt without the server, including rollouts: what `regesta agent`
/// stores on disk.
struct Snapshot {
  std::string prompt, selector;
  bool fixed = false;                        ///< a number or a SemVer: it never changes
  int bucket = -1;                           ///< of a label such as production.b17
  std::optional<registry::Rollout> rollout;  ///< only the members that choosing needs
  std::vector<Rendered> resolved;            ///< by Chooser::place(), or the only one: responses of …/resolve
  Rendered version;                          ///< response of …/versions/SELECTOR

  /// The response for the caller. `chooser` is made from `rollout`; null if there is none.
  const Rendered& resolve(const rollout::Chooser* chooser, const rollout::EvaluationContext& context) const;
};

/// As JSON: {"prompt","selector","fixed","bucket","rollout":{"id","stable","plan","step","forced","salt","algorithm"},
/// "resolved":[{"etag","body"}],"version":{"etag","body"}}; empty members are omitted. Bodies are strings, so that
/// every byte is preserved.
std::string writeSnapshot(const Snapshot& snapshot);
/// Throws Error{invalid} for anything else, also for responses that do not match the rollout and for an unknown
/// algorithm.
Snapshot readSnapshot(std::string_view text);

}  // namespace regesta::delivery

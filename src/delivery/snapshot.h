#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "delivery/choose.h"
#include "delivery/resolve.h"

namespace regesta::delivery {

/// All that is needed to answer for one selector of one prompt without the server, keys and rollouts included: what
/// `regesta agent` keeps on disk.
struct Snapshot {
  std::string prompt, selector;
  bool fixed = false;                        ///< a number or a SemVer: it never changes
  int bucket = -1;                           ///< of a label such as production.b17
  std::optional<registry::Rollout> rollout;  ///< only what choosing needs is filled in
  std::vector<Rendered> resolved;            ///< by Chooser::place(), or the only one: what …/resolve answers
  Rendered version;                          ///< what …/versions/SELECTOR answers

  /// The answer for the asker. `chooser` is made of `rollout`; null when there is none.
  const Rendered& resolve(const Chooser* chooser, const Asker& asker) const;
};

/// As JSON: {"prompt","selector","fixed","bucket","rollout":{"id","stable","plan","step","forced","salt","algorithm"},
/// "resolved":[{"etag","body"}],"version":{"etag","body"}}; what is empty is left out. Bodies are texts, so that every
/// byte stays as it is.
std::string writeSnapshot(const Snapshot& snapshot);
/// Throws Error{invalid} for anything else, also for answers that do not belong to the rollout or an algorithm that
/// this program does not know.
Snapshot readSnapshot(std::string_view text);

}  // namespace regesta::delivery

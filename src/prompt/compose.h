#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "access/access.h"
#include "prompt/prompt.h"
#include "prompt/template/scan.h"
#include "registry/use.h"
#include "registry/version.h"

namespace regesta::prompt {

/// A prompt that another includes.
struct Dependency {
  std::string parent;  ///< "name@number" of the including version
  std::string name;    ///< present name
  std::string selector;
  std::int64_t asset = 0;
  std::int64_t number = 0;
  std::string semver, digest;
};

/// A prompt with its partials inserted: each tag is replaced by the partial's exact text; nothing else changes.
struct Composed {
  Prompt prompt;
  std::vector<Dependency> dependencies;  ///< all levels
};

/// A version as served, with the partials locked at its registration, so the result never changes. Uses no names.
/// Throws Error{invalidState} if a partial has no lock or is not text of the same template language, if partials nest
/// deeper than limits::partialDepth or include each other, or if the result exceeds limits::renderedText;
/// Error{corrupt} if a locked version's digest differs from the lock.
Composed compose(db::Transaction& transaction, const registry::Version& version);

/// Locks the partials of a new version: sets prompt.partials and returns the uses to store with the version. Throws
/// Error{denied} unless `author` may read each, also for one that does not exist. `before`: the newest version's
/// content, whose locks of ranges stay if they still match, so that the same text makes the same version; null with
/// NewPrompt::freshPartials. Labels are always resolved again. Throws Invalid{field "partials"} for a partial that does
/// not exist or does not match; with `lenient`, such {{> tags}} stay text.
std::vector<registry::Use> lockPartials(db::Transaction& transaction, const access::Identity& author,
                                        const registry::AssetKey& key, Prompt& prompt, const Prompt* before,
                                        bool lenient);

/// The same with new locks, before the version exists. Throws like compose, but Invalid.
Composed composeNew(db::Transaction& transaction, const registry::AssetKey& key, const Prompt& prompt,
                    const std::vector<registry::Use>& uses);

}  // namespace regesta::prompt

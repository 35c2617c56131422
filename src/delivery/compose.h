#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "delivery/prompt.h"
#include "delivery/template/scan.h"
#include "registry/use.h"
#include "registry/version.h"

namespace regesta::delivery {

/// One prompt that another is made of.
struct Dependency {
  std::string parent;  ///< "name@number" of the version that names it
  std::string name;    ///< as it is called now
  std::string selector;
  std::int64_t asset = 0;
  std::int64_t number = 0;
  std::string semver, digest;
  bool live = false;  ///< through a label: another version of it changes what this prompt says
};

/// A prompt with its partials put in: each tag is replaced by the partial's text, to the byte, nothing around it
/// changes.
struct Composed {
  Prompt prompt;
  std::vector<Dependency> dependencies;  ///< all levels; a cache drops the prompt when a live one is touched
  bool live() const;
};

/// A version as it is served. Locked partials are those of its registration, labels are looked up now. Throws
/// Error{invalidState} when a label is gone, a partial is not text of the same template language, partials nest deeper
/// than limits::partialDepth or include each other, or the result exceeds limits::renderedText.
Composed compose(db::Session& session, const registry::Version& version);

/// Locks the partials of a new version: fills prompt.partials and says which uses to store beside the version.
/// `before`: the newest version's content, whose locks stay where they still fit, so that the same text makes the same
/// version; null with NewPrompt::freshPartials. Throws Invalid{field "partials"} for a partial that is not there or
/// fits badly; with `lenient` such {{> tags}} stay text.
std::vector<registry::Use> lockPartials(db::Session& session, const registry::AssetKey& key, Prompt& prompt,
                                        const Prompt* before, bool lenient);

/// The same with the locks made just now, before there is a version. Throws as compose does, but Invalid.
Composed composeNew(db::Session& session, const registry::AssetKey& key, const Prompt& prompt,
                    const std::vector<registry::Use>& uses);

}  // namespace regesta::delivery

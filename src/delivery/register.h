#pragma once
#include <cstdint>
#include <string>

#include "access/access.h"
#include "base/error.h"
#include "prompt/bump.h"
#include "prompt/lint.h"
#include "registry/version.h"

namespace regesta::delivery {

/// Registers a prompt version, for every front.
struct NewPrompt {
  prompt::Prompt prompt;
  /// `semver` is the requested one: empty, or at least the computed bump. `description` is the commit message.
  /// `evenIfSame` (for MLflow): identical content is a new version, a patch. `content` is ignored.
  registry::NewVersion version;
  /// For fronts whose clients write any text (MLflow, Langfuse): lint problems do not refuse, and {{> tags}} that name
  /// no prompt stay text. Langfuse's own tags must name one.
  bool lenient = false;
  bool unlessKnown = false;    ///< for importers: no new version if any version has this content, not only the newest
  bool freshPartials = false;  ///< resolve ranges of partials again instead of keeping the newest version's locks
};
struct Registered {
  registry::Version version;
  bool created = false;      ///< false: a version with this content exists
  prompt::BumpVerdict bump;  ///< relative to the previous release; the first version has none and gets 1.0.0
  std::vector<prompt::Problem> problems;  ///< of lint; contains errors only if `lenient`
};

/// Locks the partials, lints, computes the SemVer (docs/prompts.md has the tables) and creates the version, unless the
/// SemVer exists with this content or the newest version has this content. Throws Invalid{field "semver"} for a SemVer
/// below the computed bump, with the reasons; LintRefusal; Invalid{field "partials"}; Error{exists} if other content
/// has that SemVer; Error{denied} unless `author` may read all partials.
Registered registerPrompt(registry::Change& change, const access::Identity& author, const registry::Asset& asset,
                          const NewPrompt& asked);

/// The result that registerPrompt would have, without changes. A new version has number 0 and its future SemVer. Lint
/// errors are in `problems`, a SemVer that is too low or taken in `refusal`.
struct Planned {
  Registered registered;
  std::string refusal;
  prompt::Prompt composed;
};
Planned planPrompt(db::Transaction& transaction, const access::Identity& author, const registry::AssetKey& key,
                   const NewPrompt& asked);

/// A refusal because of lint errors. `detail` is {"problems":[…]}.
class LintRefusal : public Error {
 public:
  explicit LintRefusal(const std::vector<prompt::Problem>& problems);
};

}  // namespace regesta::delivery

#pragma once
#include <cstdint>
#include <string>

#include "base/error.h"
#include "delivery/bump.h"
#include "delivery/lint.h"
#include "registry/version.h"

namespace regesta::delivery {

/// The one way in which every front makes a prompt version.
struct NewPrompt {
  Prompt prompt;
  /// Its `semver` is the author's wish: empty, or at least what the computed bump asks for. `description` is the commit
  /// message. `evenIfSame` (MLflow's habit): identical content is a version all the same, a patch. `content` is not
  /// read.
  registry::NewVersion version;
  /// For fronts whose clients write any text (MLflow, Langfuse): what lint finds never refuses, and {{> tags}} that
  /// name no prompt stay text. Langfuse's own tags must name one.
  bool lenient = false;
  bool unlessKnown = false;    ///< importers: content that any version has makes none, not only that of the newest
  bool freshPartials = false;  ///< looks all partials up anew, where else the newest version's locks are kept
};
struct Registered {
  registry::Version version;
  bool created = false;           ///< false: a version says exactly this already
  BumpVerdict bump;               ///< against the release below it; of the first version: none, and its SemVer is 1.0.0
  std::vector<Problem> problems;  ///< what lint found; no errors among them unless `lenient`
};

/// Locks the partials, lints, computes the SemVer (docs/prompts.md has the tables) and makes the version. A SemVer that
/// exists with this content, and content that the newest version has, make none. Throws Invalid{field "semver"} for a
/// wish below the computed bump, with the reasons; LintRefusal; Invalid{field "partials"}; Error{exists} when that
/// SemVer is taken by other content.
Registered registerPrompt(registry::Change& change, const registry::Asset& asset, const NewPrompt& asked);

/// What registerPrompt would do, without doing it. The version has number 0 when it would be new, and the SemVer that
/// it would get. Errors of lint are in `problems`, a SemVer too low in `refusal`.
struct Planned {
  Registered registered;
  std::string refusal;
  Prompt composed;
};
Planned planPrompt(db::Session& session, const registry::AssetKey& key, const NewPrompt& asked);

/// Lint found errors. `detail` is {"problems":[…]}.
class LintRefusal : public Error {
 public:
  explicit LintRefusal(const std::vector<Problem>& problems);
};

}  // namespace regesta::delivery

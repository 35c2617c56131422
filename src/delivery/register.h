#pragma once
#include <cstdint>
#include <string>

#include "delivery/bump.h"
#include "registry/version.h"

namespace regesta::delivery {

/// The one way in which every front makes a prompt version.
struct NewPrompt {
  Prompt prompt;
  /// Its `semver` is the author's wish: empty, or at least what the computed bump asks for. `description` is the commit
  /// message. `evenIfSame` (MLflow's habit): identical content is a version all the same, a patch. `content` is not
  /// read.
  registry::NewVersion version;
};
struct Registered {
  registry::Version version;
  bool created = false;  ///< false: the newest version says exactly this already
  BumpVerdict bump;      ///< against the newest version; of the first version: none, and its SemVer is 1.0.0
};

/// Computes the SemVer (docs/prompts.md has the table) and makes the version. Throws Invalid{field "semver"} for a wish
/// below the computed bump, with the reasons; Error{exists} when that SemVer is taken.
Registered registerPrompt(registry::Change& change, const registry::Asset& asset, const NewPrompt& asked);

}  // namespace regesta::delivery

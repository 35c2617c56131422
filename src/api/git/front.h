#pragma once
#include "api/endpoint.h"

namespace regesta::api::git {

/// Git's smart HTTP below /git/{repo}.git, for `git clone`, `fetch` and `push`. Repositories are named "prompts" (the
/// workspace "default") and "<workspace>-prompts". All routes stream; errors are plain text, which git shows on the
/// terminal.
Front front();

}  // namespace regesta::api::git

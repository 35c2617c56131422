#pragma once
#include "api/core.h"
#include "base/error.h"
#include "http/message.h"
#include "http/router.h"

namespace regesta::api::git {

/// Git's smart HTTP below /git/{repo}.git: what `git clone`, `fetch` and `push` speak. Repositories are named
/// "prompts" (the workspace "default") and "<workspace>-prompts".
void mountStreams(http::Router& router, Core& core);

/// Plain text: git shows it on the terminal.
http::Response renderError(const Error& error);

}  // namespace regesta::api::git

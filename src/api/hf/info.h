#pragma once
#include "api/hf/call.h"

namespace regesta::api::hf {

/// GET /api/{type}/{repo}[/revision/{revision}]
http::Response repoInfo(Call& call, const Repo& repo, const json::value& body);
/// GET /api/{type}: the repositories that the caller may read, a page at a time.
http::Response listRepos(Call& call, const json::value& body);

}  // namespace regesta::api::hf

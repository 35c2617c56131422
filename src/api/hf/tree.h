#pragma once
#include "api/hf/call.h"

namespace regesta::api::hf {

/// GET tree/{revision}[/{path}]: the files and folders of a folder, with `recursive` those of all below it.
http::Response listTree(Call& call, const Repo& repo, const json::value& body);
/// POST paths-info/{revision}: the same entries for given paths; what is not there is left out.
http::Response pathsInfo(Call& call, const Repo& repo, const json::value& body);
/// POST preupload/{revision}: how each file shall come, in the commit or by Xet or Git LFS before it.
http::Response preupload(Call& call, const Repo& repo, const json::value& body);

}  // namespace regesta::api::hf

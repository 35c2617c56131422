#pragma once
#include "api/hf/call.h"

namespace regesta::api::hf {

http::Response listRefs(Call& call, const Repo& repo, const json::value& body);
/// GET commits/{revision}: a commit and what it was made from, newest first.
http::Response listCommits(Call& call, const Repo& repo, const json::value& body);
/// POST and DELETE branch/{name}, tag/{name}. A protected name passes the gate; what it refuses is reported with all
/// reasons.
http::Response createBranch(Call& call, const Repo& repo, const json::value& body);
http::Response deleteBranch(Call& call, const Repo& repo, const json::value& body);
http::Response createTag(Call& call, const Repo& repo, const json::value& body);
http::Response deleteTag(Call& call, const Repo& repo, const json::value& body);

}  // namespace regesta::api::hf

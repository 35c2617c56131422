#pragma once
#include "api/hf/call.h"

namespace regesta::api::hf {

/// POST {repo}.git/info/lfs/objects/batch and verify, as api/lfs_objects.h has them, for callers with a role on the
/// repository's name.
http::Response lfsBatchOfRepo(Call& call, const Repo& repo, const json::value& body);
http::Response lfsVerifyOfRepo(Call& call, const Repo& repo, const json::value& body);

/// Clients send an object without credentials: the batch gave them a link, signed for one object, repository and actor.
std::shared_ptr<http::Caller> uploadDoor(Core& core, const http::Request& request);
Task uploadLfsOfRepo(http::Exchange& exchange, Core& core);

/// GET {repo}.git/info/lfs/objects/{oid}
Task downloadLfsOfRepo(http::Exchange& exchange, Core& core);

}  // namespace regesta::api::hf

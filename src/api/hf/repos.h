#pragma once
#include "api/hf/call.h"

namespace regesta::api::hf {

Plain whoami(Call& call, const Empty& request);
http::Response createRepo(Call& call, const json::value& body);
http::Response deleteRepo(Call& call, const json::value& body);
http::Response moveRepo(Call& call, const json::value& body);
/// PUT settings: repositories are visible to whom grants say; only what confirms that is accepted.
http::Response changeSettings(Call& call, const Repo& repo, const json::value& body);
http::Response authCheck(Call& call, const Repo& repo, const json::value& body);

}  // namespace regesta::api::hf

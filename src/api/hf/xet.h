#pragma once
#include "api/hf/call.h"

namespace regesta::api::hf {

/// GET xet-read-token/{revision} and xet-write-token/{revision}: a token for the content-addressed store, in the body
/// and in headers, as newer and older clients want it.
http::Response xetReadToken(Call& call, const Repo& repo, const json::value& body);
http::Response xetWriteToken(Call& call, const Repo& repo, const json::value& body);

/// Says with a file that it can be had by Xet: X-Xet-Hash, and where to get the token.
void addXetHeaders(const Core& core, const http::Request& request, const Repo& repo, const std::string& commit,
                   const std::string& digest, http::Headers& headers);

}  // namespace regesta::api::hf

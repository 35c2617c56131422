#pragma once
#include "api/hf/call.h"
#include "api/lfs_objects.h"

namespace regesta::api::hf {

/// GET xet-read-token/{revision} and xet-write-token/{revision}: a token for the content-addressed store, in the body
/// and in headers, as newer and older clients expect them.
http::Response xetReadToken(Call& call, const Repo& repo, const json::value& body);
http::Response xetWriteToken(Call& call, const Repo& repo, const json::value& body);

/// For clients that learn from the answer to an LFS batch how to upload with Xet (@huggingface/hub).
LfsXet xetUpload(const Call& call, const Repo& repo);

/// Says with a file that it can be had by Xet: X-Xet-Hash, and where to get the token and the reconstruction.
void addXetHeaders(const Core& core, const http::Request& request, const Repo& repo, const std::string& commit,
                   const std::string& digest, http::Headers& headers);
/// Whether the client asks for these headers in place of a file that has them (@huggingface/hub), and that answer.
bool wantsXetInfo(const http::Request& request, const http::Headers& xet);
http::Response xetInfo(const http::Headers& xet, const http::Response& head, std::uint64_t size);

}  // namespace regesta::api::hf

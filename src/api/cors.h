#pragma once
#include "api/core.h"
#include "http/message.h"

namespace regesta::api {

/// Lets pages of other origins read an answer, for fronts whose clients run in browsers. Where credentials are asked
/// for, any origin may: no cookie counts there, so a page can do what its own token may. A server without users lets in
/// pages of this machine only, or any page that its owner happens to look at could read and write.
void allowOrigin(Core& core, const http::Request& request, http::Response& response);

/// The answer to a browser that asks first (OPTIONS).
http::Response preflight(Core& core, const http::Request& request);

}  // namespace regesta::api

#pragma once
#include "api/core.h"
#include "http/message.h"

namespace regesta::api {

/// Lets pages of other origins read a response, for fronts whose clients run in browsers. If credentials are required,
/// any origin may: cookies do not count there, so a page can do only what its token allows. A server without users
/// allows only pages of this machine; otherwise any page that its owner opens could read and write.
void allowOrigin(Core& core, const http::Request& request, http::Response& response);

/// The response to a preflight request (OPTIONS).
http::Response preflight(Core& core, const http::Request& request);

}  // namespace regesta::api

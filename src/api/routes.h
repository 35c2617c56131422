#pragma once
#include <memory>
#include <span>

#include "api/core.h"
#include "api/endpoint.h"
#include "http/message.h"
#include "http/router.h"

namespace regesta {
class Error;
}

namespace regesta::api {

/// All tables of all fronts, for tests and documentation.
std::span<const Front> fronts();

/// Every front's routes, the streaming handlers and the probes, in one router.
std::unique_ptr<http::Router> makeRouter(Core& core);

/// Whether a path accepts pages of other origins (OriginRules::takesOtherOrigins).
bool takesOtherOrigins(std::string_view path);

/// The response to a request without a handler (unknown path, malformed request), in the dialect of its path.
http::Response renderUnrouted(const http::Request& request, const Error& error);

}  // namespace regesta::api

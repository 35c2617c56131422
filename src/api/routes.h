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

/// All tables of the product: what tests and documents walk.
std::span<const Front> fronts();

/// Every front's routes, the streaming handlers and the probes, in one router.
std::unique_ptr<http::Router> makeRouter(Core& core);

/// An answer for what never reached a handler (unknown path, malformed request), in the dialect its path belongs to.
http::Response renderStray(const http::Request& request, const Error& error);

}  // namespace regesta::api

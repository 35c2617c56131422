#pragma once
#include <string>
#include <string_view>

#include "api/endpoint.h"

namespace regesta::api {

/// What machines ask about the server itself: /ready, /metrics, /openapi.json. (/health and /version speak MLflow's
/// words and stand in its front.)
Front systemFront();

/// The OpenAPI document over all fronts; in routes.cpp, which knows them.
std::string wholeOpenApi(std::string_view version);

}  // namespace regesta::api

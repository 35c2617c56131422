#pragma once
#include <string>
#include <string_view>

#include "api/endpoint.h"

namespace regesta::api {

/// Endpoints about the server: /ready, /metrics, /openapi.json. (/health and /version have MLflow's form and are in its
/// front.)
Front systemFront();

/// The OpenAPI document over all fronts; in routes.cpp, which knows them.
std::string renderOpenApi(std::string_view version);

}  // namespace regesta::api

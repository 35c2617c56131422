#pragma once
#include <span>

#include "api/endpoint.h"

namespace regesta::api::langfuse {

/// Requests of SDKs at start: GET /api/public/projects (auth_check), GET /api/public/health.
std::span<const Route> projectRoutes();

}  // namespace regesta::api::langfuse

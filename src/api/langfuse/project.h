#pragma once
#include <span>

#include "api/endpoint.h"

namespace regesta::api::langfuse {

/// What SDKs ask when they start: GET /api/public/projects (auth_check), GET /api/public/health.
std::span<const Route> projectRoutes();

}  // namespace regesta::api::langfuse

#pragma once
#include <span>

#include "api/endpoint.h"

namespace regesta::api::langfuse {

/// Reading back what was traced: GET /api/public/v2/observations, and one trace whole, GET
/// /api/public/traces/{traceId}.
std::span<const Route> observationRoutes();

}  // namespace regesta::api::langfuse

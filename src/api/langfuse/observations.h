#pragma once
#include <span>

#include "api/endpoint.h"

namespace regesta::api::langfuse {

/// Reading traces: GET /api/public/v2/observations, and one trace, GET /api/public/traces/{traceId}.
std::span<const Route> observationRoutes();

}  // namespace regesta::api::langfuse

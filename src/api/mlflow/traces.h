#pragma once
#include "api/endpoint.h"

namespace regesta::api::mlflow {

std::span<const Route> traceRoutes();        ///< 3.0: start, get, search, delete, tags, links
std::span<const Route> legacyTraceRoutes();  ///< 2.0: for old clients, and calls that new ones still make
std::span<const Route> assessmentRoutes();
std::span<const Route> traceSpanRoutes();    ///< /v1/traces and the reading of spans
std::span<const Route> traceMetricRoutes();  ///< aggregates for dashboards

}  // namespace regesta::api::mlflow

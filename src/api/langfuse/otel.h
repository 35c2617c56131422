#pragma once
#include <span>

#include "api/endpoint.h"

namespace regesta::api::langfuse {

/// POST /api/public/otel/v1/traces: spans of Langfuse's SDKs since OpenTelemetry. A span that names a prompt and its
/// version links its trace to it, so that scores become reports on that version, and is itself reported (latency,
/// error, tokens).
std::span<const Route> otelRoutes();

}  // namespace regesta::api::langfuse

#pragma once
#include <span>

#include "api/endpoint.h"

namespace regesta::api::langfuse {

/// POST /api/public/ingestion: batches of events of SDKs before OpenTelemetry, and scores of present JS SDKs. Scores
/// are stored; of traces and observations, only the prompt version that they used.
std::span<const Route> ingestionRoutes();

}  // namespace regesta::api::langfuse

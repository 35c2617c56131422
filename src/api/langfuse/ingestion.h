#pragma once
#include <span>

#include "api/endpoint.h"

namespace regesta::api::langfuse {

/// POST /api/public/ingestion: batches of events of SDKs before OpenTelemetry, and scores of JS SDKs to this day.
/// Scores are stored; of traces and observations, only the version of a prompt that they used is kept.
std::span<const Route> ingestionRoutes();

}  // namespace regesta::api::langfuse

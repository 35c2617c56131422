#pragma once
#include <span>

#include "api/endpoint.h"

namespace regesta::api::mlflow {

/// What MLflow's clients ask about the server itself: /health, /version, server-info.
std::span<const Route> probeRoutes();

}  // namespace regesta::api::mlflow

#pragma once
#include <span>

#include "api/endpoint.h"

namespace regesta::api::mlflow {

/// Requests of MLflow's clients about the server: /health, /version, server-info.
std::span<const Route> probeRoutes();

}  // namespace regesta::api::mlflow

#pragma once
#include <span>

#include "api/endpoint.h"

namespace regesta::api::mlflow {

/// What MLflow's prompt lab calls: a run from one trial of a prompt, and the proxy to the gateway that it tries it
/// with.
std::span<const Route> promptlabRoutes();

}  // namespace regesta::api::mlflow

#pragma once
#include <span>

#include "api/endpoint.h"

namespace regesta::api::mlflow {

/// /api/2.0/mlflow/registered-models/…: models and prompts, their tags and aliases.
std::span<const Route> registeredModelRoutes();

}  // namespace regesta::api::mlflow

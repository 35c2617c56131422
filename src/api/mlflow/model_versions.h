#pragma once
#include <span>

#include "api/endpoint.h"

namespace regesta::api::mlflow {

/// /api/2.0/mlflow/model-versions/…: versions of models and prompts.
std::span<const Route> modelVersionRoutes();

}  // namespace regesta::api::mlflow

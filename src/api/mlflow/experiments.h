#pragma once
#include <span>

#include "api/endpoint.h"

namespace regesta::api::mlflow {

/// /api/2.0/mlflow/experiments/…: experiments, their tags, and the datasets used in them.
std::span<const Route> experimentRoutes();

}  // namespace regesta::api::mlflow

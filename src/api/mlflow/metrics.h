#pragma once
#include <span>

#include "api/endpoint.h"

namespace regesta::api::mlflow {

/// /api/2.0/mlflow/metrics/get-history…: metric histories of runs.
std::span<const Route> metricRoutes();

}  // namespace regesta::api::mlflow

#pragma once
#include <span>

#include "api/endpoint.h"

namespace regesta::api::mlflow {

/// /api/2.0/mlflow/runs/log-…, set-tag, delete-tag, outputs: logging to a run.
std::span<const Route> runLogRoutes();

}  // namespace regesta::api::mlflow

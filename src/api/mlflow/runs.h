#pragma once
#include <span>

#include "api/endpoint.h"

namespace regesta::api::mlflow {

/// /api/2.0/mlflow/runs/… except logging (run_logs.h), and artifacts/list.
std::span<const Route> runRoutes();

}  // namespace regesta::api::mlflow

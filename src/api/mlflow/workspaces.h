#pragma once
#include <span>

#include "api/endpoint.h"

namespace regesta::api::mlflow {

/// /api/3.0/mlflow/workspaces…
std::span<const Route> workspaceRoutes();

}  // namespace regesta::api::mlflow

#pragma once
#include <span>

#include "api/endpoint.h"

namespace regesta::api::mlflow {

/// /api/2.0/mlflow/logged-models…
std::span<const Route> loggedModelRoutes();

}  // namespace regesta::api::mlflow

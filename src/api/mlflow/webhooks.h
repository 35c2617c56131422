#pragma once
#include <span>

#include "api/endpoint.h"

namespace regesta::api::mlflow {

/// /api/2.0/mlflow/webhooks: webhooks for MLflow's registry events. They are the webhooks of the native API with a name
/// and MLflow's events.
std::span<const Route> webhookRoutes();

}  // namespace regesta::api::mlflow

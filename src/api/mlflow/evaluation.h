#pragma once
#include <span>

#include "api/endpoint.h"

namespace regesta::api::mlflow {

/// MLflow's evaluation: datasets of examples, scorers and issues.
std::span<const Route> evaluationDatasetRoutes();
std::span<const Route> evaluationRecordRoutes();
std::span<const Route> scorerRoutes();
std::span<const Route> issueRoutes();

}  // namespace regesta::api::mlflow

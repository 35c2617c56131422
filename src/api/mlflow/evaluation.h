#pragma once
#include <span>

#include "api/endpoint.h"

namespace regesta::api::mlflow {

/// What MLflow's clients evaluate with: datasets of examples, scorers, and issues that were found.
std::span<const Route> evaluationDatasetRoutes();
std::span<const Route> evaluationRecordRoutes();
std::span<const Route> scorerRoutes();
std::span<const Route> issueRoutes();

}  // namespace regesta::api::mlflow

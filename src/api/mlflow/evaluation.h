#pragma once
#include <span>

#include "api/endpoint.h"

namespace regesta::api::mlflow {

/// MLflow's evaluation: datasets of examples, scorers and issues.
std::span<const Route> evaluationDatasetRoutes();
std::span<const Route> evaluationRecordRoutes();
std::span<const Route> scorerRoutes();
std::span<const Route> issueRoutes();
/// What reviewers are asked about traces, and the queues of traces that wait for them.
std::span<const Route> labelSchemaRoutes();
std::span<const Route> reviewQueueRoutes();

}  // namespace regesta::api::mlflow

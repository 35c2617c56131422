#pragma once
#include <string>

#include "api/endpoint.h"
#include "tracking/evaluation_dataset.h"

namespace regesta::api::mlflow {

/// The dataset, when the caller may do this with it: grants name evaluation datasets as they name experiments. Throws
/// Error{notFound} and Error{denied}.
tracking::EvaluationDataset evaluationDatasetFor(Call& call, governance::Verb verb, db::Session& session,
                                                 const std::string& id);

}  // namespace regesta::api::mlflow

#pragma once
#include <string>

#include "api/endpoint.h"
#include "evaluation/evaluation_dataset.h"

namespace regesta::api::mlflow {

/// The dataset, if the caller has the permission: grants apply to evaluation datasets by name, as to experiments.
/// Throws Error{notFound} and Error{denied}.
evaluation::EvaluationDataset evaluationDatasetFor(Call& call, access::Verb verb, db::Transaction& transaction,
                                                   const std::string& id);

}  // namespace regesta::api::mlflow

#pragma once
#include "api/endpoint.h"
#include "api/mlflow/registry_wire.h"

namespace regesta::api::mlflow {

/// registered-models/search and model-versions/search. Returns only what the caller may read, and prompts only if the
/// search requests their marker tag. Throws Error{invalid} with MLflow's messages.
wire::ModelList searchRegisteredModels(Call& call, const wire::SearchRequest& in);
wire::VersionList searchModelVersions(Call& call, const wire::SearchRequest& in);

}  // namespace regesta::api::mlflow

#pragma once
#include "api/endpoint.h"
#include "api/mlflow/registry_wire.h"

namespace regesta::api::mlflow {

/// registered-models/search and model-versions/search. Only what the caller may read is found. A search that does not
/// ask for prompts by their marker tag finds none. Throws Error{invalid} in MLflow's words.
wire::ModelList searchRegisteredModels(Call& call, const wire::SearchRequest& in);
wire::VersionList searchModelVersions(Call& call, const wire::SearchRequest& in);

}  // namespace regesta::api::mlflow

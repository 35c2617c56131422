#pragma once
#include "api/endpoint.h"
#include "api/mlflow/artifact_file.h"

namespace regesta::api::mlflow {

/// The requested file of each of MLflow's download routes. Throws Error{notFound}, PathError, Error{denied}.
ArtifactFile findProxied(const Call& call);      ///< /mlflow-artifacts/artifacts/{path...}
ArtifactFile findRunFile(const Call& call);      ///< /get-artifact?run_id&path
ArtifactFile findVersionFile(const Call& call);  ///< /model-versions/get-artifact?name&version&path
ArtifactFile findModelFile(const Call& call);    ///< /logged-models/{model_id}/artifacts/files?artifact_file_path

/// Reads a file below an artifact URI. Throws Error{notFound}, Error{tooLarge} above `limit`.
std::string readBelow(const Call& call, const std::string& uri, const std::string& path, std::uint64_t limit);

/// The first value of a query parameter; empty if missing.
std::string queryValue(const http::Request& request, std::string_view name);

}  // namespace regesta::api::mlflow

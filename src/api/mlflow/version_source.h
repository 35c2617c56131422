#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/endpoint.h"
#include "registry/lineage.h"

namespace regesta::api::mlflow {

/// What a client says a new version is made of.
struct Claim {
  std::string source;
  std::optional<std::string> runId, modelId;
  bool prompt = false;
};

/// What the server makes of it.
struct Origin {
  std::string source, storage, runId, modelId;
  std::vector<registry::Edge> edges;  ///< `to` is left for the version's subject
};

/// Checks the source: a local path must lie in the run or logged model that the request names, as MLflow demands; files
/// of a run or model that this server knows must not be claimed for another one, and the caller must be allowed to read
/// them. (MLflow 3.17 also refuses runs:/… of runs that do not exist; its earlier servers and tests do not.) Follows
/// runs:/…, models:/… and logged models to where the files are. Throws Error{invalid}, Error{notFound} or
/// Error{denied}.
Origin resolveSource(const Call& call, db::Session& session, Claim claim);

}  // namespace regesta::api::mlflow

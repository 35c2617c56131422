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

/// Checks the source as MLflow 3.17's server does — it must lie in the run or logged model that is named — and follows
/// runs:/…, models:/… and logged models to where the files are. Throws Error{invalid} or Error{notFound} in MLflow's words.
Origin resolveSource(const Call& call, db::Session& session, Claim claim);

}  // namespace regesta::api::mlflow

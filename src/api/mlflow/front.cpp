#include "api/mlflow/front.h"

#include "api/mlflow/artifacts.h"
#include "api/mlflow/dialect.h"
#include "api/mlflow/evaluation.h"
#include "api/mlflow/experiments.h"
#include "api/mlflow/logged_models.h"
#include "api/mlflow/metrics.h"
#include "api/mlflow/model_versions.h"
#include "api/mlflow/probes.h"
#include "api/mlflow/registered_models.h"
#include "api/mlflow/run_logs.h"
#include "api/mlflow/runs.h"
#include "api/mlflow/traces.h"
#include "api/mlflow/workspaces.h"

namespace regesta::api::mlflow {
namespace {

std::vector<Route> join(std::initializer_list<std::span<const Route>> tables) {
  std::vector<Route> all;
  for (std::span<const Route> table : tables) all.insert(all.end(), table.begin(), table.end());
  return all;
}

}  // namespace

Front front() {
  static const std::vector<Route> routes =
      join({probeRoutes(), experimentRoutes(), runRoutes(), runLogRoutes(), metricRoutes(), loggedModelRoutes(),
            registeredModelRoutes(), modelVersionRoutes(), artifactRoutes(), workspaceRoutes(), traceRoutes(),
            legacyTraceRoutes(), assessmentRoutes(), traceSpanRoutes(), traceMetricRoutes(), evaluationDatasetRoutes(),
            evaluationRecordRoutes(), scorerRoutes(), issueRoutes()});
  return {dialect(), routes};
}

void mountStreams(http::Router& router, Core& core) { mountArtifactStreams(router, core); }

http::Response renderStray(const http::Request& request, const Error& error) {
  // The HTTP layer refuses paths with ".." and the like before any route is found; clients look for these words.
  bool badPath = error.code == Code::invalid && request.rawPath.find("/mlflow-artifacts/") != std::string::npos;
  http::Response response = renderError(badPath ? Error(Code::invalid, "Invalid path: " + error.message) : error);
  if (error.code == Code::notFound) response.body.clear();
  return response;
}

}  // namespace regesta::api::mlflow

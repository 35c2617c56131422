#include "api/mlflow/front.h"

#include "api/mlflow/artifacts.h"
#include "api/mlflow/dialect.h"
#include "api/mlflow/evaluation.h"
#include "api/mlflow/experiments.h"
#include "api/mlflow/gateway.h"
#include "api/mlflow/logged_models.h"
#include "api/mlflow/metrics.h"
#include "api/mlflow/model_versions.h"
#include "api/mlflow/multipart.h"
#include "api/mlflow/probes.h"
#include "api/mlflow/promptlab.h"
#include "api/mlflow/registered_models.h"
#include "api/mlflow/run_logs.h"
#include "api/mlflow/runs.h"
#include "api/mlflow/traces.h"
#include "api/mlflow/webhooks.h"
#include "api/mlflow/workspaces.h"
#include "registry/tree.h"

namespace regesta::api::mlflow {
namespace {

/// Unknown paths get an empty 404, which makes the client fall back to older endpoints.
http::Response renderUnrouted(const http::Request& request, const Error& error) {
  // The HTTP layer refuses paths with ".." and similar before any route is found; clients look for these words.
  bool badPath = error.code == Code::invalid && request.rawPath.find("/mlflow-artifacts/") != std::string::npos;
  http::Response response = badPath ? renderError(registry::PathError(error.message)) : renderError(error);
  if (error.code == Code::notFound) response.body.clear();
  return response;
}

// MLflow's web UI and some of its client calls use the same paths below /ajax-api.
constexpr std::string_view pages = "/ajax-api";
constexpr std::string_view below[] = {"/api/2.0/mlflow", "/api/3.0/mlflow", "/ajax-api/"};

}  // namespace

Front front() {
  static const std::vector<Route> routes = joined({probeRoutes(),
                                                   experimentRoutes(),
                                                   runRoutes(),
                                                   runLogRoutes(),
                                                   metricRoutes(),
                                                   loggedModelRoutes(),
                                                   registeredModelRoutes(),
                                                   modelVersionRoutes(),
                                                   artifactRoutes(),
                                                   multipartRoutes(),
                                                   workspaceRoutes(),
                                                   traceRoutes(),
                                                   legacyTraceRoutes(),
                                                   assessmentRoutes(),
                                                   traceSpanRoutes(),
                                                   traceMetricRoutes(),
                                                   evaluationDatasetRoutes(),
                                                   evaluationRecordRoutes(),
                                                   scorerRoutes(),
                                                   issueRoutes(),
                                                   labelSchemaRoutes(),
                                                   reviewQueueRoutes(),
                                                   webhookRoutes(),
                                                   gatewaySecretRoutes(),
                                                   gatewayModelRoutes(),
                                                   gatewayProviderRoutes(),
                                                   gatewayEndpointRoutes(),
                                                   gatewayLinkRoutes(),
                                                   gatewayBudgetRoutes(),
                                                   gatewayGuardrailRoutes(),
                                                   promptlabRoutes()});
  static const std::vector<StreamRoute> streams = [] {
    std::vector<StreamRoute> all(artifactStreams().begin(), artifactStreams().end());
    all.insert(all.end(), multipartStreams().begin(), multipartStreams().end());
    return all;
  }();
  return {.dialect = dialect(),
          .routes = routes,
          .prefixes = below,
          .streams = streams,
          .renderUnrouted = renderUnrouted,
          .alsoBelow = pages};
}

}  // namespace regesta::api::mlflow

#include "api/langfuse/front.h"

#include "api/langfuse/dialect.h"

#include "api/langfuse/ingestion.h"
#include "api/langfuse/observations.h"
#include "api/langfuse/otel.h"
#include "api/langfuse/project.h"
#include "api/langfuse/prompts.h"
#include "api/langfuse/score_configs.h"
#include "api/langfuse/scores.h"

namespace regesta::api::langfuse {
namespace {

std::vector<Route> join(std::initializer_list<std::span<const Route>> tables) {
  std::vector<Route> all;
  for (std::span<const Route> table : tables) all.insert(all.end(), table.begin(), table.end());
  return all;
}

}  // namespace

Front front() {
  static const std::vector<Route> routes = join({projectRoutes(), promptRoutes(), scoreRoutes(), scoreConfigRoutes(),
                                                 ingestionRoutes(), otelRoutes(), observationRoutes()});
  return {dialect(), routes};
}

http::Response renderStray(const http::Request&, const Error& error) { return renderError(error); }

}  // namespace regesta::api::langfuse

#include "api/langfuse/front.h"

#include "api/langfuse/dialect.h"

#include "api/langfuse/ingestion.h"
#include "api/langfuse/otel.h"
#include "api/langfuse/project.h"
#include "api/langfuse/prompts.h"
#include "api/langfuse/scores.h"

namespace regesta::api::langfuse {
Front front() {
  static const std::vector<Route> routes =
      joined({projectRoutes(), promptRoutes(), scoreRoutes(), ingestionRoutes(), otelRoutes()});
  static constexpr std::string_view below[] = {"/api/public/"};
  return {.dialect = dialect(), .routes = routes, .prefixes = below};
}

}  // namespace regesta::api::langfuse

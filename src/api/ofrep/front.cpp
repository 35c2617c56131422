#include "api/ofrep/front.h"

#include "api/ofrep/dialect.h"
#include "api/ofrep/evaluate.h"
#include "api/ofrep/events.h"
#include "api/ofrep/flagd.h"

namespace regesta::api::ofrep {

Front front() {
  static const std::vector<Route> routes = joined({evaluationRoutes(), flagFileRoutes()});
  static constexpr std::string_view below[] = {"/ofrep/"};
  return {.dialect = dialect(), .routes = routes, .prefixes = below, .streams = eventStreams()};
}

}  // namespace regesta::api::ofrep

#include "api/ofrep/front.h"

#include "api/ofrep/dialect.h"
#include "api/ofrep/evaluate.h"
#include "api/ofrep/events.h"
#include "api/ofrep/flagd.h"

namespace regesta::api::ofrep {

Front front() {
  static const std::vector<Route> routes = [] {
    std::vector<Route> all(evaluationRoutes().begin(), evaluationRoutes().end());
    all.insert(all.end(), flagFileRoutes().begin(), flagFileRoutes().end());
    return all;
  }();
  return {dialect(), routes};
}

void mountStreams(http::Router& router, Core& core) { mountEvents(router, core); }

}  // namespace regesta::api::ofrep

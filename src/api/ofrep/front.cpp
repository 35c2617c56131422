#include "api/ofrep/front.h"

#include "api/ofrep/dialect.h"
#include "api/ofrep/evaluate.h"
#include "api/ofrep/events.h"

namespace regesta::api::ofrep {

Front front() { return {dialect(), evaluationRoutes()}; }

void mountStreams(http::Router& router, Core& core) { mountEvents(router, core); }

}  // namespace regesta::api::ofrep

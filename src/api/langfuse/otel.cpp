#include "api/langfuse/otel.h"

#include "api/otlp.h"
#include "delivery/trace_quality.h"

namespace regesta::api::langfuse {
namespace {

Plain takeSpans(Call& call, const Nothing&) {
  otlp::Batch batch = otlp::read(call.http);
  delivery::observeSpans(call.core.store, call.workspace, batch.spans, "langfuse");
  return otlp::answer(call.http, batch);
}

}  // namespace

std::span<const Route> otelRoutes() {
  static const Route routes[] = {rawBody(post("/api/public/otel/v1/traces", writes("traces"), takeSpans))};
  return routes;
}

}  // namespace regesta::api::langfuse

#include "api/langfuse/otel.h"

#include "api/otlp.h"
#include "quality/trace_quality.h"
#include "telemetry/trace.h"

namespace regesta::api::langfuse {
namespace {

/// Traces belong to an experiment. Those of Langfuse's SDKs, which know none, get this one; it is made when the first
/// comes. Nothing when somebody has deleted it: then they are not kept.
std::optional<std::int64_t> placeOfTraces(Call& call) {
  constexpr std::string_view name = "Langfuse";
  auto find = [&](db::Transaction& transaction) {
    return tracking::findExperimentByName(transaction, call.workspace, name);
  };
  std::optional<tracking::Experiment> found = call.core.store.read(find);
  if (!found)
    found = call.core.store.change(call.actor(), [&](registry::Change& change) {
      if (auto other = find(change.transaction)) return *other;
      return tracking::createExperiment(change, call.workspace, name, "", {}, call.core.artifactRoot);
    });
  if (found->deleted) return std::nullopt;
  call.require(access::Verb::write, found->name);
  return found->id;
}

Plain takeSpans(Call& call, const Empty&) {
  otlp::Batch batch = otlp::read(call.http);
  if (auto place = batch.spans.empty() ? std::nullopt : placeOfTraces(call))
    call.core.store.write(
        [&](db::Transaction& transaction) { telemetry::logSpans(transaction, call.workspace, *place, batch.spans); });
  quality::observeSpans(call.core.store, *call.identity, call.workspace, batch.spans, "langfuse");
  return otlp::answer(call.http, batch);
}

}  // namespace

std::span<const Route> otelRoutes() {
  static const Route routes[] = {
      rawBody(post("/api/public/otel/v1/traces", "Export OpenTelemetry spans", writes("traces"), takeSpans))};
  return routes;
}

}  // namespace regesta::api::langfuse

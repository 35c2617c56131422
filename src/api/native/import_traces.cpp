#include "api/native/import_traces.h"

#include "api/native/import_batch.h"
#include "base/text.h"
#include "telemetry/trace.h"

namespace regesta::api::native {
namespace {

json::object objectOf(const RawJson& raw) {
  if (raw.text.empty()) return {};
  json::value value = parseJson(raw.text);
  if (!value.is_object()) throw Invalid("attributes", "must be an object");
  return std::move(value.get_object());
}

telemetry::SpanStatus statusOf(std::string_view name) {
  if (name == "OK") return telemetry::SpanStatus::ok;
  if (name == "ERROR") return telemetry::SpanStatus::error;
  return telemetry::SpanStatus::unset;
}

telemetry::Span spanOf(const ImportSpan& item, const std::string& traceId) {
  telemetry::Span span{.traceId = traceId,
                       .spanId = item.spanId,
                       .parentId = item.parentId,
                       .name = item.name,
                       .kind = static_cast<int>(item.kind),
                       .status = statusOf(item.status),
                       .statusMessage = item.message,
                       .startNs = item.startNs,
                       .endNs = item.endNs,
                       .attributes = objectOf(item.attributes),
                       .events = {},
                       .links = {},
                       .resource = nullptr};
  for (const ImportSpanEvent& event : item.events)
    span.events.push_back({event.name, event.timeNs, objectOf(event.attributes)});
  return span;
}

telemetry::AssessmentKind assessmentKind(std::string_view type) {
  if (type == "feedback") return telemetry::AssessmentKind::feedback;
  if (type == "expectation") return telemetry::AssessmentKind::expectation;
  if (type == "issue") return telemetry::AssessmentKind::issue;
  throw Invalid("type", "must be feedback, expectation or issue", std::string(type));
}

telemetry::Assessment assessmentOf(const ImportAssessment& item) {
  return {.id = item.id,
          .name = item.name,
          .spanId = item.spanId,
          .sourceType = item.sourceType,
          .sourceId = item.sourceId,
          .createdAt = item.createdAt,
          .updatedAt = item.updatedAt,
          .kind = assessmentKind(item.type),
          .value = item.value,
          .error = item.error,
          .rationale = item.rationale,
          .metadata = textsOf(item.metadata),
          .overrides = item.overrides,
          .valid = item.valid};
}

telemetry::Trace traceOf(const Call& call, const TraceItem& item, std::int64_t experiment) {
  telemetry::Trace trace;
  trace.traceId = item.id;
  trace.workspace = call.workspace;
  trace.experiment = experiment;
  trace.requestTime = item.requestTime;
  trace.duration = item.duration;
  trace.state = telemetry::parseTraceState(item.state).value_or(telemetry::TraceState::unspecified);
  trace.clientRequestId = item.clientRequestId;
  trace.requestPreview = item.requestPreview;
  trace.responsePreview = item.responsePreview;
  trace.tags = textsOf(item.tags);
  trace.metadata = textsOf(item.metadata);
  return trace;
}

/// Added one after the other, so that the rules for assessments hold.
void setAssessments(telemetry::Trace& trace, const TraceItem& item, std::int64_t now) {
  trace.assessments.clear();
  for (const ImportAssessment& assessment : item.assessments) {
    ImportAssessment alone = assessment;
    alone.overrides.clear();
    telemetry::addAssessment(trace, assessmentOf(alone), now);
    telemetry::Assessment& stored = trace.assessments.back();
    stored.overrides = assessment.overrides;
    stored.valid = assessment.valid;
  }
}

/// The digits of a trace's id, by which its spans name it.
std::string hexOf(const std::string& traceId) { return traceId.starts_with("tr-") ? traceId.substr(3) : traceId; }

telemetry::Reach in(std::int64_t experiment) {
  return [experiment](std::int64_t one) { return one == experiment; };
}

void importTrace(const Call& call, registry::Change& change, const TraceItem& item, std::int64_t experiment) {
  db::Transaction& transaction = change.transaction;
  telemetry::startTrace(transaction, traceOf(call, item, experiment));
  std::vector<telemetry::Span> spans;
  for (const ImportSpan& span : item.spans) spans.push_back(spanOf(span, hexOf(item.id)));
  if (!spans.empty()) telemetry::logSpans(transaction, call.workspace, experiment, spans);
  telemetry::Trace trace = telemetry::findTrace(transaction, call.workspace, item.id, in(experiment)).value();
  // The source has said what the trace is; its spans do not change that.
  trace.finalized = true;
  trace.requestTime = item.requestTime;
  trace.duration = item.duration;
  trace.state = traceOf(call, item, experiment).state;
  setAssessments(trace, item, change.now);
  for (const std::string& run : item.runs)
    if (tracking::findRun(transaction, call.workspace, run)) telemetry::linkTraceToRun(transaction, trace, run);
  for (const std::string& prompt : item.prompts)
    if (std::ranges::find(trace.prompts, prompt) == trace.prompts.end()) trace.prompts.push_back(prompt);
  telemetry::saveTrace(transaction, trace);
}

}  // namespace

ImportAnswer importTraces(Call& call, const ImportTraces& request) {
  ImportBatch batch(call, request.source, "trace");
  return batch.run(request.items, [&](registry::Change& change, const TraceItem& item) {
    std::int64_t experiment = batch.experimentOf(change.transaction, item.experiment);
    bool exists = telemetry::findTrace(change.transaction, call.workspace, item.id, in(experiment)).has_value();
    if (exists && !batch.find(change.transaction, item.id))
      throw error(Code::exists, "trace '{}' exists here and does not come from this source", item.id);
    importTrace(call, change, item, experiment);
    batch.put(change, item.id, item.id, item.digest);
    return ImportOutcome{item.id, item.id, exists ? "updated" : "created", std::nullopt, std::nullopt};
  });
}

}  // namespace regesta::api::native

#include <set>

#include "api/mlflow/artifact_find.h"
#include "api/mlflow/trace_scope.h"
#include "api/mlflow/trace_wire.h"
#include "api/mlflow/traces.h"
#include "api/otlp.h"
#include "api/tracking_scope.h"
#include "base/error.h"
#include "base/limits.h"
#include "delivery/trace_quality.h"
#include "registry/tree.h"
#include "tracking/rules.h"

namespace regesta::api::mlflow {
namespace {

using governance::Verb;

struct GetRequest {
  std::string trace_id;
  bool allow_partial = false;
  static constexpr Field fields[] = {field<&GetRequest::trace_id>("trace_id", required),
                                     field<&GetRequest::allow_partial>("allow_partial")};
};
struct GetAnswer {
  wire::Trace trace;
  static constexpr Field fields[] = {field<&GetAnswer::trace>("trace")};
};
struct BatchRequest {
  std::vector<std::string> trace_ids;
  std::optional<std::vector<std::string>> experiment_ids;
  static constexpr Field fields[] = {
      field<&BatchRequest::trace_ids>("trace_ids", required | atMost(limits::traceSearchResults)),
      field<&BatchRequest::experiment_ids>("experiment_ids")};
};
struct BatchAnswer {
  std::vector<wire::Trace> traces;
  static constexpr Field fields[] = {field<&BatchAnswer::traces>("traces")};
};

bool isHere(const tracking::Trace& trace) {
  auto tag = trace.tags.find(tracking::trace_keys::spansLocation);
  return tag != trace.tags.end() && tag->second == "TRACKING_STORE";
}

/// What MLflow's server answers to an export it cannot use: 422, which no code of this program is, and "detail".
Plain unusable(std::string_view text) {
  Plain answer;
  answer.status = 422;
  JsonWriter writer(answer.body);
  writer.object().key("error_code").text("INVALID_PARAMETER_VALUE").key("message").text(text);
  writer.key("detail").text(text).end();
  return answer;
}

/// Spans as OpenTelemetry's exporters send them, MLflow's own among them. All of a batch or nothing.
Plain takeSpans(Call& call, const Nothing&) {
  auto header = call.http.headers.get("X-MLflow-Experiment-Id");
  if (!header) return unusable("the header x-mlflow-experiment-id is required");
  std::int64_t experiment = tracking::parseExperimentId(*header);
  otlp::Batch batch = otlp::read(call.http);
  if (batch.spans.empty() && batch.rejected > 0)
    return unusable("Cannot convert OpenTelemetry span to MLflow span: " + batch.reason);
  std::string runId(call.http.headers.get("X-MLflow-Run-Id").value_or(""));
  std::vector<tracking::Trace> traces = call.core.store.write([&](db::Session& session) {
    requireExperiment(call, Verb::write, session, experiment);
    std::set<std::string_view> ids;
    for (const tracking::Span& span : batch.spans)
      if (ids.insert(span.traceId).second)
        requireTrace(call, Verb::write, session, tracking::mlflowTraceId(span.traceId));
    std::vector<tracking::Trace> logged = tracking::logSpans(session, call.workspace, experiment, batch.spans);
    if (!runId.empty()) {
      requireRun(call, Verb::write, session, runId);
      for (tracking::Trace& trace : logged) tracking::linkTraceToRun(session, trace, runId);
    }
    return logged;
  });
  delivery::observeSpans(call.core.store, call.workspace, batch.spans, "otlp");
  delivery::observeTraces(call.core.store, call.workspace, traces);
  return otlp::answer(call.http, batch);
}

GetAnswer getTrace(Call& call, const GetRequest& in) {
  return call.core.store.read([&](db::Session& session) -> GetAnswer {
    tracking::Trace trace = traceFor(call, Verb::read, session, in.trace_id);
    if (!isHere(trace)) throw Error(Code::invalidState, "Trace data not stored in tracking store");
    std::vector<tracking::Span> spans = tracking::spansOf(session, trace);
    if (!in.allow_partial && !tracking::isComplete(trace, spans))
      throw error(Code::notFound, "Trace with ID {} is not fully exported yet, please try again later.", trace.traceId);
    return {{wire::infoOf(trace), {wire::spansOf(spans)}}};
  });
}

/// Those that are complete; a batch that grows too large for one answer ends early.
BatchAnswer batchGet(Call& call, const BatchRequest& in) {
  return call.core.store.read([&](db::Session& session) {
    BatchAnswer answer;
    std::size_t size = 0;
    for (const tracking::Trace& trace : tracesOf(call, session, in.trace_ids, in.experiment_ids)) {
      if (!isHere(trace)) continue;
      std::vector<tracking::Span> spans = tracking::spansOf(session, trace);
      if (!tracking::isComplete(trace, spans)) continue;
      wire::Trace& one = answer.traces.emplace_back(wire::infoOf(trace), RawJson{wire::spansOf(spans)});
      size += one.spans.text.size();
      if (size > limits::spansAnswer)
        throw error(Code::tooLarge, "these traces take more than {} bytes; ask for fewer", limits::spansAnswer);
    }
    return answer;
  });
}

/// A file that a client has put in the trace's place.
std::string readTraceFile(const Call& call, const tracking::Trace& trace, const std::string& path) {
  auto uri = trace.tags.find(tracking::trace_keys::artifactLocation);
  if (uri == trace.tags.end()) throw error(Code::notFound, "Trace with ID '{}' has no artifacts", trace.traceId);
  return readBelow(call, uri->second, path, limits::spansAnswer);
}

/// traces.json for the web UI: from the spans, or the client's own file. With `path` one of the attachments.
Plain traceArtifact(Call& call, const Nothing&) {
  std::string id = queryValue(call.http, "request_id");
  if (id.empty()) throw Error(Code::invalid, "Request must include the \"request_id\" query parameter.");
  auto [trace, spans] = call.core.store.read([&](db::Session& session) {
    tracking::Trace found = traceFor(call, Verb::read, session, id);
    return std::pair(found, isHere(found) ? tracking::spansOf(session, found) : std::vector<tracking::Span>());
  });
  Plain answer;
  answer.contentType = "application/octet-stream";
  answer.headers.set("Content-Disposition", "attachment; filename=traces.json");
  answer.headers.set("X-Content-Type-Options", "nosniff");
  std::string attachment = registry::safePath(queryValue(call.http, "path"));
  if (!attachment.empty()) {
    answer.headers.set("Content-Disposition", "attachment");
    answer.body = readTraceFile(call, trace, "attachments/" + attachment);
    return answer;
  }
  answer.body = isHere(trace) ? wire::traceFileOf(spans) : readTraceFile(call, trace, "traces.json");
  return answer;
}

}  // namespace

std::span<const Route> traceSpanRoutes() {
  static const Route routes[] = {
      rawBody(post("/v1/traces", writes("traces"), takeSpans)),
      get("/api/3.0/mlflow/traces/get", waiting(reads("traces")), getTrace),
      get("/api/3.0/mlflow/traces/batchGet", waiting(reads("traces")), batchGet),
      get("/ajax-api/2.0/mlflow/get-trace-artifact", waiting(reads("traces")), traceArtifact),
      get("/ajax-api/3.0/mlflow/get-trace-artifact", waiting(reads("traces")), traceArtifact),
  };
  return routes;
}

}  // namespace regesta::api::mlflow

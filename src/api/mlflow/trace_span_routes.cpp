#include <algorithm>

#include "api/mlflow/artifact_find.h"
#include "api/mlflow/trace_scope.h"
#include "api/mlflow/trace_wire.h"
#include "api/mlflow/traces.h"
#include "api/otlp.h"
#include "api/tracking_scope.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/memory_share.h"
#include "base/text.h"
#include "quality/trace_quality.h"
#include "registry/tree.h"
#include "telemetry/span_convention.h"
#include "tracking/rules.h"

namespace regesta::api::mlflow {
namespace {

using access::Verb;

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

bool isHere(const telemetry::Trace& trace) {
  auto tag = trace.tags.find(telemetry::trace_keys::spansLocation);
  return tag != trace.tags.end() && tag->second == "TRACKING_STORE";
}

/// The answer of MLflow's server to an export that it cannot use: status 422, which no Code has, and a member "detail".
Plain unusable(std::string_view text) {
  Plain answer;
  answer.status = 422;
  JsonWriter writer(answer.body);
  writer.object().key("error_code").text("INVALID_PARAMETER_VALUE").key("message").text(text);
  writer.key("detail").text(text).end();
  return answer;
}

/// Programs whose name MLflow shows at their traces.
constexpr std::string_view namedServices[] = {"claude-code", "codex_cli_rs", "codex_vscode", "gemini-cli", "qwen-code"};

/// Notes the name of the sender at a root span, as MLflow does.
void noteService(telemetry::Span& span) {
  constexpr std::string_view key = "service.name";
  if (!span.isRoot() || !span.resource) return;
  const json::value* name = span.resource->if_contains(key);
  if (!name || !name->is_string()) return;
  if (std::ranges::find(namedServices, std::string_view(name->get_string())) != std::end(namedServices))
    span.attributes.insert_or_assign(key, *name);
}

/// Spans as OpenTelemetry's exporters send them, MLflow's own among them. All of a batch or nothing.
Plain takeSpans(Call& call, const Empty&) {
  auto header = call.http.headers.get("X-MLflow-Experiment-Id");
  if (!header) return unusable("the header x-mlflow-experiment-id is required");
  otlp::Batch batch = otlp::read(call.http);  // before the experiment: its faults are named first, as by MLflow
  if (batch.spans.empty() && batch.rejected > 0)
    return unusable("Cannot convert OpenTelemetry span to MLflow span: " + batch.reason);
  std::ranges::for_each(batch.spans, noteService);
  MemoryShare share;
  for (telemetry::Span& span : batch.spans) telemetry::unwrapJson(span, share);
  std::ranges::for_each(batch.spans, telemetry::translateConventions);
  std::int64_t experiment = tracking::parseExperimentId(*header);
  std::string runId(call.http.headers.get("X-MLflow-Run-Id").value_or(""));
  std::vector<telemetry::Trace> traces = call.core.store.write([&](db::Transaction& transaction) {
    requireExperiment(call, Verb::write, transaction, experiment);
    std::vector<telemetry::Trace> logged = telemetry::logSpans(transaction, call.workspace, experiment, batch.spans);
    if (!runId.empty()) {
      requireRun(call, Verb::write, transaction, runId);
      for (telemetry::Trace& trace : logged) telemetry::linkTraceToRun(transaction, trace, runId);
    }
    return logged;
  });
  quality::observeSpans(call.core.store, *call.identity, call.workspace, batch.spans, "otlp");
  quality::observeTraces(call.core.store, *call.identity, call.workspace, traces);
  return otlp::answer(call.http, batch);
}

GetAnswer getTrace(Call& call, const GetRequest& in) {
  return call.core.store.read([&](db::Transaction& transaction) -> GetAnswer {
    std::optional<telemetry::Trace> found = findVisibleTrace(call, transaction, in.trace_id);
    if (!found) throw error(Code::notFound, "Trace with ID {} is not found.", shorten(in.trace_id, 100));
    telemetry::Trace& trace = *found;
    if (!isHere(trace)) throw Error(Code::invalidState, "Trace data not stored in tracking store");
    std::vector<telemetry::Span> spans = telemetry::spansOf(transaction, trace);
    if (!in.allow_partial && !telemetry::isComplete(trace, spans))
      throw error(Code::notFound, "Trace with ID {} is not fully exported yet, please try again later.", trace.traceId);
    return {{wire::infoOf(trace), {wire::spansOf(spans)}}};
  });
}

/// Those that are complete; a batch that grows too large for one answer ends early.
BatchAnswer batchGet(Call& call, const BatchRequest& in) {
  return call.core.store.read([&](db::Transaction& transaction) {
    BatchAnswer answer;
    std::size_t size = 0;
    for (const telemetry::Trace& trace : tracesOf(call, transaction, in.trace_ids, in.experiment_ids)) {
      if (!isHere(trace)) continue;
      std::vector<telemetry::Span> spans = telemetry::spansOf(transaction, trace);
      if (!telemetry::isComplete(trace, spans)) continue;
      wire::Trace& one = answer.traces.emplace_back(wire::infoOf(trace), RawJson{wire::spansOf(spans)});
      size += one.spans.text.size();
      if (size > limits::spansAnswer)
        throw error(Code::tooLarge, "these traces take more than {} bytes; ask for fewer", limits::spansAnswer);
    }
    return answer;
  });
}

/// A file that a client has put in the trace's place.
std::string readTraceFile(const Call& call, const telemetry::Trace& trace, const std::string& path) {
  auto uri = trace.tags.find(telemetry::trace_keys::artifactLocation);
  if (uri == trace.tags.end()) throw error(Code::notFound, "Trace with ID '{}' has no artifacts", trace.traceId);
  return readBelow(call, uri->second, path, limits::spansAnswer);
}

/// traces.json for the web UI: from the spans, or the client's own file. With `path` one of the attachments.
Plain traceArtifact(Call& call, const Empty&) {
  std::string id = queryValue(call.http, "request_id");
  if (id.empty()) throw Error(Code::invalid, "Request must include the \"request_id\" query parameter.");
  auto [trace, spans] = call.core.store.read([&](db::Transaction& transaction) {
    telemetry::Trace found = traceFor(call, Verb::read, transaction, id);
    return std::pair(found, isHere(found) ? telemetry::spansOf(transaction, found) : std::vector<telemetry::Span>());
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
      rawBody(post("/v1/traces", "Export OpenTelemetry spans", writes("traces"), takeSpans)),
      get("/api/3.0/mlflow/traces/get", "Get a trace with its spans", searching(reads("traces")), getTrace),
      get("/api/3.0/mlflow/traces/batchGet", "Get several traces with their spans", searching(reads("traces")),
          batchGet),
      get("/ajax-api/2.0/mlflow/get-trace-artifact", "Download the spans of a trace (version 2)",
          searching(reads("traces")), traceArtifact),
      get("/ajax-api/3.0/mlflow/get-trace-artifact", "Download the spans of a trace", searching(reads("traces")),
          traceArtifact),
  };
  return routes;
}

}  // namespace regesta::api::mlflow

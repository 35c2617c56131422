#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"
#include "db/columns.h"
#include "telemetry/trace.h"
#include "telemetry/trace_preview.h"
#include "tracking/rules.h"

// What spans tell about their trace.
namespace regesta::telemetry {
namespace {

constexpr std::int64_t nsPerMs = 1'000'000;
constexpr std::string_view tagPrefix = "mlflow.traceTag.";

using Batch = std::vector<const Span*>;

Trace makeTrace(db::Transaction& transaction, std::string_view workspace, std::int64_t experiment,
                const std::string& traceId, const Batch& spans) {
  auto first = std::min_element(spans.begin(), spans.end(),
                                [](const Span* a, const Span* b) { return a->startNs < b->startNs; });
  Trace trace{.traceId = traceId,
              .workspace = std::string(workspace),
              .experiment = experiment,
              .requestTime = (*first)->startNs / nsPerMs,
              .state = TraceState::inProgress};
  return startTrace(transaction, std::move(trace));
}

void storeSpan(db::Transaction& transaction, const Trace& trace, const Span& span) {
  std::string body = packSpan(span);
  if (body.size() > limits::spanBody)
    throw error(Code::tooLarge, "span {} takes {} bytes; at most {} are kept", span.spanId, body.size(),
                limits::spanBody);
  transaction.run(
      "INSERT INTO span (trace, span_id, parent, name, type, status, start_ns, end_ns, body) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (trace, span_id) DO UPDATE SET parent = "
      "excluded.parent, "
      "name = excluded.name, type = excluded.type, status = excluded.status, start_ns = excluded.start_ns, "
      "end_ns = excluded.end_ns, body = excluded.body",
      {trace.row, span.spanId, span.parentId, span.name, span.type(), static_cast<int>(span.status), span.startNs,
       span.endNs, body});
}

void checkCount(db::Transaction& transaction, const Trace& trace) {
  db::Rows rows = transaction.query("SELECT COUNT(*) FROM span WHERE trace = $1", {trace.row});
  rows.next();
  if (rows.integer(0) > static_cast<std::int64_t>(limits::spansPerTrace))
    throw error(Code::tooLarge, "a trace may have at most {} spans", limits::spansPerTrace);
}

/// Until the client finalizes it, a trace lasts from its first span's start to its last one's end.
void stretch(Trace& trace, const Batch& spans) {
  std::int64_t end = trace.duration ? trace.requestTime + *trace.duration : 0;
  for (const Span* span : spans) {
    trace.requestTime = std::min(trace.requestTime, span->startNs / nsPerMs);
    end = std::max(end, span->endNs / nsPerMs);
  }
  if (end > 0) trace.duration = std::max<std::int64_t>(0, end - trace.requestTime);
}

/// Tags from outside are taken where they fit; a batch is not refused for one that does not.
void offerTag(Trace& trace, std::string_view key, std::string_view value) {
  try {
    setTraceTag(trace, key, value);
  } catch (const Error&) {
    return;
  }
}

/// An attribute's JSON; a text that holds an object or a list already is taken as such.
std::string jsonOf(const json::value& attribute) {
  if (attribute.is_string()) {
    std::string_view text = trim(attribute.get_string());
    if (text.starts_with('{') || text.starts_with('[')) return std::string(text);
  }
  return pythonJson(attribute);
}

void takeFromRoot(Trace& trace, const Span& root) {
  if (!trace.ended()) trace.state = root.status == SpanStatus::error ? TraceState::error : TraceState::ok;
  const json::value* in = root.attributes.if_contains("mlflow.spanInputs");
  if (in && !trace.requestPreview) trace.requestPreview = previewOf(jsonOf(*in), "user");
  const json::value* out = root.attributes.if_contains("mlflow.spanOutputs");
  if (out && !trace.responsePreview) trace.responsePreview = previewOf(jsonOf(*out), "assistant");
  for (const auto& [key, value] : root.attributes)
    if (std::string_view(key).starts_with(tagPrefix))
      offerTag(trace, std::string_view(key).substr(tagPrefix.size()), root.text(key));
}

void offerMetadata(Trace& trace, std::string_view key, const std::string& value) {
  if (!value.empty()) trace.metadata.emplace(key, tracking::truncated(value, limits::traceTagValueLength));
}

void takeFromSpan(Trace& trace, const Span& span) {
  for (std::string_view name : {"session.id", "gen_ai.conversation.id", "langfuse.session.id"})
    offerMetadata(trace, trace_keys::session, span.text(name));
  for (std::string_view name : {"user.id", "langfuse.user.id"}) offerMetadata(trace, trace_keys::user, span.text(name));
}

void takeResource(Trace& trace, const json::object& resource) {
  for (const auto& [key, value] : resource) {
    std::string_view name = key;
    if (name.starts_with("telemetry.sdk.") || name.starts_with("mlflow.")) continue;
    offerTag(trace, name, value.is_string() ? std::string(value.get_string()) : writeJson(value));
  }
}

std::string usageText(const TokenUsage& usage) {
  return fmt::format(R"({{"input_tokens": {}, "output_tokens": {}, "total_tokens": {}}})", usage.input, usage.output,
                     usage.total);
}

std::string costText(const Cost& cost) {
  std::string text = "{";
  auto put = [&](std::string_view name, const std::optional<double>& value) {
    if (!value) return;
    text += fmt::format(R"({}"{}": )", text.size() > 1 ? ", " : "", name);
    appendJsonDouble(text, *value);
  };
  put("input_cost", cost.input);
  put("output_cost", cost.output);
  put("total_cost", cost.total);
  return text + "}";
}

/// Totals are computed from all stored spans, not incremented, so that a repeated batch changes nothing.
void takeSums(db::Transaction& transaction, Trace& trace, const Batch& batch) {
  auto told = [&](std::string_view key) { return trace.finalized && trace.metadata.contains(key); };
  bool usage = !told(trace_keys::tokenUsage) &&
               std::any_of(batch.begin(), batch.end(), [](const Span* s) { return usageOf(*s).has_value(); });
  bool cost = !told(trace_keys::cost) &&
              std::any_of(batch.begin(), batch.end(), [](const Span* s) { return costOf(*s).has_value(); });
  if (!usage && !cost) return;
  std::vector<Span> all = spansOf(transaction, trace);
  if (auto sum = usageOf(all); usage && sum)
    trace.metadata.insert_or_assign(std::string(trace_keys::tokenUsage), usageText(*sum));
  if (auto sum = costOf(all); cost && sum)
    trace.metadata.insert_or_assign(std::string(trace_keys::cost), costText(*sum));
}

void takeAll(db::Transaction& transaction, Trace& trace, const Batch& spans) {
  for (const Span* span : spans) storeSpan(transaction, trace, *span);
  checkCount(transaction, trace);
  if (!trace.finalized) stretch(trace, spans);
  const json::object* resource = nullptr;
  for (const Span* span : spans) {
    takeFromSpan(trace, *span);
    if (!resource && span->resource && !span->resource->empty()) resource = span->resource.get();
  }
  if (resource) takeResource(trace, *resource);
  for (const Span* span : spans)
    if (span->isRoot()) takeFromRoot(trace, *span);
  takeSums(transaction, trace, spans);
  trace.tags.insert_or_assign(std::string(trace_keys::spansLocation), "TRACKING_STORE");
}

}  // namespace

std::vector<Trace> logSpans(db::Transaction& transaction, std::string_view workspace, std::int64_t experiment,
                            const std::vector<Span>& spans) {
  std::map<std::string, Batch> byTrace;  // in the order of ids, so that writers meet in one order
  for (const Span& span : spans) byTrace[prefixedTraceId(span.traceId)].push_back(&span);
  std::vector<Trace> traces;
  for (const auto& [id, batch] : byTrace) {
    std::optional<Trace> there =
        findTrace(transaction, workspace, id, [&](std::int64_t one) { return one == experiment; });
    Trace trace = there ? std::move(*there) : makeTrace(transaction, workspace, experiment, id, batch);
    takeAll(transaction, trace, batch);
    saveTrace(transaction, trace);
    traces.push_back(std::move(trace));
  }
  return traces;
}

std::vector<Span> spansOf(db::Transaction& transaction, const Trace& trace) {
  std::vector<Span> spans;
  std::string hex = trace.traceId.starts_with("tr-") ? trace.traceId.substr(3) : trace.traceId;
  std::size_t size = 0;
  static constexpr std::string_view sql =
      "SELECT span_id, parent, name, status, start_ns, end_ns, body FROM span WHERE trace = $1 "
      "ORDER BY CASE WHEN parent = '' THEN 0 ELSE 1 END, start_ns, span_id";
  constexpr db::Columns at(sql);
  db::Rows rows = transaction.query(sql, {trace.row});
  while (rows.next()) {
    size += rows.view(at["body"]).size();
    if (size > limits::spansAnswer)
      throw error(Code::tooLarge, "the spans of trace {} take more than {} bytes", trace.traceId, limits::spansAnswer);
    Span& span = spans.emplace_back();
    span.traceId = hex;
    span.spanId = rows.text(at["span_id"]);
    span.parentId = rows.text(at["parent"]);
    span.name = rows.text(at["name"]);
    span.status = static_cast<SpanStatus>(std::clamp<std::int64_t>(rows.integer(at["status"]), 0, 2));
    span.startNs = rows.integer(at["start_ns"]);
    span.endNs = rows.integer(at["end_ns"]);
    unpackSpan(rows.view(at["body"]), span);
  }
  return spans;
}

bool isComplete(const Trace& trace, const std::vector<Span>& spans) {
  auto stats = trace.metadata.find(trace_keys::sizeStats);
  if (stats == trace.metadata.end()) return true;
  try {
    json::value told = parseJson(stats->second);
    const json::value* count = told.is_object() ? told.get_object().if_contains("num_spans") : nullptr;
    return !count || !count->is_int64() || count->get_int64() <= static_cast<std::int64_t>(spans.size());
  } catch (const Error&) {
    return true;  // a client's own text
  }
}

}  // namespace regesta::telemetry

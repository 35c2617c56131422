#include "quality/trace_quality.h"

#include "base/error.h"
#include "base/json.h"
#include "quality/trace_link.h"

namespace regesta::quality {
namespace {

using telemetry::Span;
using telemetry::Trace;
namespace keys = telemetry::trace_keys;

std::string textIn(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || value->is_null()) return {};
  return value->is_string() ? std::string(value->get_string()) : writeJson(*value);
}

/// [{"name":…,"version":…},…], as MLflow's client writes it. Anything else links nothing.
void addLinked(const std::string& trace, const std::string& listText, std::vector<PromptUse>& uses) {
  if (listText.empty()) return;
  try {
    json::value list = parseJson(listText);
    if (!list.is_array()) return;
    for (const json::value& item : list.get_array())
      if (const json::object* one = item.if_object())
        uses.push_back({trace, "", textIn(*one, "name"), textIn(*one, "version")});
  } catch (const Error&) {
    return;  // a client's own text
  }
}

std::optional<PromptUse> declaredUse(const Span& span) {
  for (std::string_view prefix : {"langfuse.observation.prompt.", "regesta.prompt."}) {
    std::string name = span.text(std::string(prefix) + "name"), version = span.text(std::string(prefix) + "version");
    if (!name.empty() && !version.empty()) return PromptUse{span.traceId, span.spanId, name, version};
  }
  return std::nullopt;
}

/// What is the same of all reports of one span or trace.
struct Subject {
  std::string unit, key, source;
  std::int64_t at = 0;
};

class Reports {
 public:
  Reports(const TraceLink& link, const Subject& subject) : link_(link), subject_(subject) {}
  void add(std::string_view metric, double value) {
    reports_.push_back({.prompt = link_.prompt,
                        .version = link_.version,
                        .metric = std::string(metric),
                        .value = value,
                        .unit = subject_.unit,
                        .key = fmt::format("{}@{}", subject_.key, link_.version),
                        .at = subject_.at,
                        .source = subject_.source});
  }
  void add(const std::optional<telemetry::TokenUsage>& usage) {
    if (!usage) return;
    add("input_tokens", static_cast<double>(usage->input));
    add("output_tokens", static_cast<double>(usage->output));
    add("total_tokens", static_cast<double>(usage->total));
  }
  void add(std::string_view metric, const std::optional<double>& value) {
    if (value) add(metric, *value);
  }
  void moveInto(std::vector<Report>& all) {
    all.insert(all.end(), std::make_move_iterator(reports_.begin()), std::make_move_iterator(reports_.end()));
  }

 private:
  const TraceLink& link_;
  const Subject& subject_;
  std::vector<Report> reports_;
};

std::string userOf(const Span& span) {
  for (std::string_view name : {"user.id", "langfuse.user.id", "session.id", "langfuse.session.id"})
    if (std::string unit = span.text(name); !unit.empty()) return unit;
  return {};
}

std::string userOf(const Trace& trace) {
  for (std::string_view name : {keys::user, keys::session})
    if (auto found = trace.metadata.find(name); found != trace.metadata.end()) return found->second;
  return {};
}

void measure(const Span& span, const TraceLink& link, std::string_view source, std::vector<Report>& all) {
  Subject subject{userOf(span), "span:" + span.traceId + span.spanId, std::string(source), span.endNs / 1'000'000};
  Reports reports(link, subject);
  reports.add("latency_ms", static_cast<double>(span.endNs - span.startNs) / 1e6);
  reports.add("error", span.status == telemetry::SpanStatus::error ? 1.0 : 0.0);
  reports.add(telemetry::usageOf(span));
  reports.add("cost", telemetry::costOf(span));
  reports.moveInto(all);
}

json::object objectIn(const Trace& trace, std::string_view key) {
  auto found = trace.metadata.find(key);
  if (found == trace.metadata.end()) return {};
  try {
    json::value parsed = parseJson(found->second);
    return parsed.is_object() ? std::move(parsed.get_object()) : json::object();
  } catch (const Error&) {
    return {};
  }
}

std::optional<double> numberIn(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value && value->is_number() ? std::optional(value->to_number<double>()) : std::nullopt;
}

void measure(const Trace& trace, const TraceLink& link, std::vector<Report>& all) {
  if (!trace.ended()) return;
  Subject subject{userOf(trace), "trace:" + trace.traceId, "mlflow", trace.requestTime + trace.duration.value_or(0)};
  Reports reports(link, subject);
  if (trace.duration) reports.add("latency_ms", static_cast<double>(*trace.duration));
  reports.add("error", trace.state == telemetry::TraceState::error ? 1.0 : 0.0);
  json::object usage = objectIn(trace, keys::tokenUsage);
  for (std::string_view name : {"input_tokens", "output_tokens", "total_tokens"})
    reports.add(name, numberIn(usage, name));
  reports.add("cost", numberIn(objectIn(trace, keys::cost), "total_cost"));
  reports.moveInto(all);
}

std::vector<TracedValue> feedbackOf(const Trace& trace) {
  std::vector<TracedValue> values;
  for (const telemetry::Assessment& one : trace.assessments) {
    if (one.kind != telemetry::AssessmentKind::feedback) continue;
    std::optional<double> number = telemetry::numberOf(one);
    if (!number) continue;
    values.push_back({.trace = trace.traceId,
                      .span = one.spanId,
                      .metric = one.name,
                      .value = *number,
                      .unit = userOf(trace),
                      .key = fmt::format("assessment:{}/{}", trace.experiment, one.id),
                      .at = one.createdAt,
                      .source = "mlflow"});
  }
  return values;
}

}  // namespace

std::vector<PromptUse> usesOf(const Trace& trace) {
  std::vector<PromptUse> uses;
  if (auto tag = trace.tags.find(keys::linkedPrompts); tag != trace.tags.end())
    addLinked(trace.traceId, tag->second, uses);
  for (const std::string& prompt : trace.prompts) {
    std::size_t slash = prompt.rfind('/');
    if (slash != std::string::npos)
      uses.push_back({trace.traceId, "", prompt.substr(0, slash), prompt.substr(slash + 1)});
  }
  return uses;
}

void observeSpans(registry::Store& store, const access::Identity& caller, std::string_view workspace,
                  const std::vector<Span>& spans, std::string_view source) {
  std::vector<PromptUse> uses;
  std::vector<const Span*> users;
  for (const Span& span : spans) {
    addLinked(span.traceId, span.text(keys::linkedPrompts), uses);
    std::optional<PromptUse> own = declaredUse(span);
    if (!own) continue;
    uses.push_back(*std::move(own));
    if (span.endNs >= span.startNs) users.push_back(&span);
  }
  if (uses.empty()) return;
  linkTraces(store, caller, workspace, uses);
  std::vector<Report> reports = store.read([&](db::Transaction& transaction) {
    std::vector<Report> found;
    for (const Span* span : users)
      for (const TraceLink& link : linksOf(transaction, workspace, span->traceId, span->spanId))
        if (link.span == span->spanId) measure(*span, link, source, found);
    return found;
  });
  if (!reports.empty()) report(store, caller, workspace, reports);
}

void observeTraces(registry::Store& store, const access::Identity& caller, std::string_view workspace,
                   const std::vector<Trace>& traces, const std::vector<PromptUse>& told) {
  linkTraces(store, caller, workspace, told);
  std::vector<Report> reports = store.read([&](db::Transaction& transaction) {
    std::vector<Report> found;
    for (const Trace& trace : traces)
      for (const TraceLink& link : linksOf(transaction, workspace, trace.traceId))
        if (link.span.empty()) measure(trace, link, found);
    return found;
  });
  if (!reports.empty()) report(store, caller, workspace, reports);
}

void observeFeedback(registry::Store& store, const access::Identity& caller, const Trace& trace) {
  std::vector<TracedValue> values = feedbackOf(trace);
  if (!values.empty()) reportTraced(store, caller, trace.workspace, values);
}

}  // namespace regesta::quality

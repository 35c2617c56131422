#include "telemetry/trace_metric_source.h"

#include <algorithm>
#include <set>

#include "base/broken_rule.h"
#include "base/text.h"
#include "filter/query_error.h"
#include "telemetry/trace_scan.h"

namespace regesta::telemetry {
namespace {

using View = MetricView;

const std::vector<MetricKind> kinds = {
    {View::traces, "trace_count", true, false, {"trace_name", "trace_status"}},
    {View::traces, "session_count", true, false, {}},
    {View::traces, "latency", false, false, {"trace_name"}},
    {View::traces, "input_tokens", false, true, {"trace_name"}},
    {View::traces, "output_tokens", false, true, {"trace_name"}},
    {View::traces, "total_tokens", false, true, {"trace_name"}},
    {View::traces, "cache_read_input_tokens", false, true, {"trace_name"}},
    {View::traces, "cache_creation_input_tokens", false, true, {"trace_name"}},
    {View::spans,
     "span_count",
     true,
     false,
     {"span_name", "span_type", "span_status", "span_model_name", "span_model_provider"}},
    {View::spans, "latency", false, false, {"span_name", "span_status"}},
    {View::spans, "input_cost", false, true, {"span_model_name", "span_model_provider"}},
    {View::spans, "output_cost", false, true, {"span_model_name", "span_model_provider"}},
    {View::spans, "total_cost", false, true, {"span_model_name", "span_model_provider"}},
    {View::assessments, "assessment_count", true, false, {"assessment_name", "assessment_value"}},
    {View::assessments, "assessment_value", false, false, {"assessment_name"}},
};

/// "trace.tag.team = 'risk'"
struct MetricFilter {
  std::string view, entity, key, value;
};

[[noreturn]] void refuse(std::string_view what, std::string rule, std::string_view value,
                         std::string_view viewName = {}, std::string_view entity = {},
                         const std::vector<std::string>& valid = {}) {
  std::vector<std::string> facts{std::string(what), std::string(viewName), std::string(entity)};
  facts.insert(facts.end(), valid.begin(), valid.end());
  throw filter::QueryError(filter::QueryRule::metricFilter, "filters", std::move(rule), value, std::move(facts));
}

/// Refuses what no view can be filtered by, and a key that is missing or too many.
void checkMetricEntity(const MetricFilter& filter) {
  struct Known {
    std::string_view view, entity;
    bool key;
  };
  static constexpr Known known[] = {{"trace", "status", false},    {"trace", "tag", true},
                                    {"trace", "metadata", true},   {"span", "name", false},
                                    {"span", "status", false},     {"span", "type", false},
                                    {"assessment", "name", false}, {"assessment", "type", false}};
  std::vector<std::string> entities;
  for (const Known& one : known) {
    if (one.view != filter.view) continue;
    entities.emplace_back(one.entity);
    if (one.entity != filter.entity) continue;
    if (one.key && filter.key.empty()) refuse("key", "must name a key", filter.entity, one.view, one.entity);
    if (!one.key && !filter.key.empty()) refuse("no key", "must not name a key", filter.entity, one.view, one.entity);
    return;
  }
  if (entities.empty()) refuse("view", "must name a field of trace, span or assessment", filter.view);
  refuse("entity", fmt::format("must name a field of {}: {}", filter.view, join(entities, ", ")), filter.entity,
         filter.view, filter.entity, entities);
}

/// The comparison operator: the first of = != < <= > >=, or a word such as LIKE.
std::string_view comparatorIn(std::string_view text) {
  std::size_t at = text.find_first_of("=!<> ");
  if (at == std::string_view::npos) return {};
  std::string_view rest = trim(text.substr(at));
  std::size_t end = rest.find_first_of("=!<>") == 0 ? rest.find_first_not_of("=!<>") : rest.find(' ');
  return rest.substr(0, end);
}

/// The part without its backticks or quotes.
std::string bare(std::string_view part) {
  bool quoted = part.size() > 2 && part.front() == part.back() && (part.front() == '`' || part.front() == '"');
  return std::string(quoted ? part.substr(1, part.size() - 2) : part);
}

MetricFilter parseMetricFilter(const std::string& text) {
  std::string_view sign = comparatorIn(text);
  std::size_t at = sign.empty() ? std::string::npos : static_cast<std::size_t>(sign.data() - text.data());
  if (sign.empty() || at + sign.size() >= text.size())
    refuse("clause", "must be one clause each, such as trace.status = 'OK'", text);
  std::string_view left = trim(std::string_view(text).substr(0, at));
  std::string_view right = trim(std::string_view(text).substr(at + sign.size()));
  std::size_t dot = left.find('.');
  if (dot == std::string_view::npos) refuse("identifier", "must name a field of trace, span or assessment", left);
  MetricFilter filter;
  filter.view = bare(left.substr(0, dot));
  std::string_view rest = left.substr(dot + 1);
  std::size_t second = rest.find('.');
  filter.entity = std::string(rest.substr(0, second));
  if (second != std::string_view::npos) filter.key = bare(rest.substr(second + 1));
  checkMetricEntity(filter);
  if (sign != "=") refuse("comparator", "must compare with =", sign);
  bool quoted = right.size() >= 2 && (right.front() == '\'' || right.front() == '"') && right.back() == right.front();
  if (!quoted) refuse("value", "must compare with a quoted text", right, filter.view, filter.entity);
  filter.value = std::string(right.substr(1, right.size() - 2));
  return filter;
}

void checkMetricFilter(const MetricFilter& filter, View view) {
  static constexpr std::string_view viewNames[] = {"TRACES", "SPANS", "ASSESSMENTS"};
  View needed = filter.view == "span" ? View::spans : filter.view == "assessment" ? View::assessments : view;
  if (needed == view) return;
  refuse("view type", "must fit the view", viewNames[static_cast<std::size_t>(view) - 1], filter.view, filter.entity,
         {std::string(viewNames[static_cast<std::size_t>(needed) - 1])});
}

bool passes(const MetricFilter& filter, const Trace& trace) {
  if (filter.view != "trace") return true;
  if (filter.entity == "status") return stateName(trace.state) == filter.value;
  const tracking::Texts& texts = filter.entity == "tag" ? trace.tags : trace.metadata;
  auto found = texts.find(filter.key);
  if (found != texts.end() && found->second == filter.value) return true;
  return filter.entity == "metadata" && filter.key == trace_keys::sourceRun &&
         std::find(trace.runs.begin(), trace.runs.end(), filter.value) != trace.runs.end();
}

std::optional<std::string> textIn(const tracking::Texts& texts, std::string_view key) {
  auto found = texts.find(key);
  return found == texts.end() ? std::nullopt : std::optional(found->second);
}

std::optional<double> numberIn(const std::string& jsonText, std::string_view key) {
  try {
    json::value parsed = parseJson(jsonText);
    const json::value* value = parsed.is_object() ? parsed.get_object().if_contains(key) : nullptr;
    return value && value->is_number() ? std::optional(value->to_number<double>()) : std::nullopt;
  } catch (const Error&) {
    return std::nullopt;
  }
}

class Source {
 public:
  Source(db::Transaction& transaction, const TraceMetricQuery& query, const MetricKind& kind,
         const std::function<void(const Observation&)>& visit)
      : transaction_(transaction), query_(query), kind_(kind), visit_(visit) {
    for (const std::string& text : query.filters) {
      filters_.push_back(parseMetricFilter(text));
      checkMetricFilter(filters_.back(), query.view);
    }
  }

  void take(const Trace& trace) {
    for (const MetricFilter& filter : filters_)
      if (!passes(filter, trace)) return;
    if (query_.view == View::spans)
      takeSpans(trace);
    else if (inside(trace.requestTime))
      query_.view == View::traces ? takeTrace(trace) : takeAssessments(trace);
  }

 private:
  bool inside(std::int64_t time) const {
    return (!query_.start || time >= *query_.start) && (!query_.end || time <= *query_.end);
  }

  void takeTrace(const Trace& trace) {
    Observation one{.time = trace.requestTime};
    for (const std::string& dimension : query_.dimensions)
      one.dimensions.push_back(dimension == "trace_name" ? textIn(trace.tags, trace_keys::name)
                                                         : std::string(stateName(trace.state)));
    if (kind_.name == "trace_count") {
      one.value = 1;
    } else if (kind_.name == "session_count") {
      one.distinct = textIn(trace.metadata, trace_keys::session).value_or("");
      if (one.distinct.empty()) return;
    } else if (kind_.name == "latency") {
      if (trace.duration) one.value = static_cast<double>(*trace.duration);
    } else if (auto usage = textIn(trace.metadata, trace_keys::tokenUsage)) {
      one.value = numberIn(*usage, kind_.name);
    }
    visit_(one);
  }

  void takeSpans(const Trace& trace) {
    static constexpr std::string_view statusNames[] = {"UNSET", "OK", "ERROR"};
    for (const Span& span : spansOf(transaction_, trace)) {
      std::string status(statusNames[static_cast<std::size_t>(span.status)]), type = span.type();
      bool fits = std::all_of(filters_.begin(), filters_.end(), [&](const MetricFilter& filter) {
        return filter.view != "span" || filter.value == (filter.entity == "name"   ? span.name
                                                         : filter.entity == "type" ? type
                                                                                   : status);
      });
      Observation one{.time = span.startNs / 1'000'000};
      if (!fits || !inside(one.time)) continue;
      for (const std::string& dimension : query_.dimensions) {
        std::string model = span.text(dimension == "span_model_name" ? "mlflow.llm.model" : "mlflow.llm.provider");
        one.dimensions.push_back(dimension == "span_name"     ? std::optional(span.name)
                                 : dimension == "span_type"   ? std::optional(type)
                                 : dimension == "span_status" ? std::optional(status)
                                 : model.empty()              ? std::nullopt
                                                              : std::optional(model));
      }
      if (kind_.name == "span_count")
        one.value = 1;
      else if (kind_.name == "latency" && span.endNs >= span.startNs)
        one.value = static_cast<double>((span.endNs - span.startNs) / 1'000'000);
      else if (kind_.summed)
        one.value = numberIn(span.text("mlflow.llm.cost"), kind_.name);
      visit_(one);
    }
  }

  void takeAssessments(const Trace& trace) {
    static constexpr std::string_view types[] = {"feedback", "expectation", "issue"};
    for (const Assessment& assessment : trace.assessments) {
      bool fits = std::all_of(filters_.begin(), filters_.end(), [&](const MetricFilter& filter) {
        return filter.view != "assessment" ||
               filter.value ==
                   (filter.entity == "name" ? assessment.name : types[static_cast<std::size_t>(assessment.kind)]);
      });
      if (!fits || !assessment.valid) continue;
      Observation one{.time = trace.requestTime};
      for (const std::string& dimension : query_.dimensions)
        one.dimensions.push_back(dimension == "assessment_name" ? assessment.name : assessment.value);
      one.value = kind_.counted ? std::optional(1.0) : numberOf(assessment);
      visit_(one);
    }
  }

  db::Transaction& transaction_;
  const TraceMetricQuery& query_;
  const MetricKind& kind_;
  const std::function<void(const Observation&)>& visit_;
  std::vector<MetricFilter> filters_;
};

}  // namespace

const MetricKind& metricKind(MetricView view, std::string_view name) {
  for (const MetricKind& kind : kinds)
    if (kind.view == view && kind.name == name) return kind;
  std::vector<std::string> names;
  for (const MetricKind& kind : kinds)
    if (kind.view == view) names.push_back(fmt::format("'{}'", kind.name));
  throw Invalid("metric_name", "must be one of " + join(names, ", "), shownValue(name));
}

void eachObservation(db::Transaction& transaction, std::string_view workspace, const TraceMetricQuery& query,
                     const MetricKind& kind, const std::function<void(const Observation&)>& visit) {
  Source source(transaction, query, kind, visit);
  for (std::int64_t experiment : std::set<std::int64_t>(query.experiments.begin(), query.experiments.end())) {
    if (!tracking::findExperiment(transaction, workspace, experiment)) continue;
    NewestTraces newest(transaction, experiment);
    while (std::optional<Trace> trace = newest.next()) source.take(*trace);
  }
}

}  // namespace regesta::telemetry

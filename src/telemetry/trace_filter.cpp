#include "telemetry/trace_filter.h"

#include <algorithm>

#include "base/text.h"
#include "filter/query_error.h"

namespace regesta::telemetry {
namespace {

using filter::Cell;
using filter::Comparator;
using filter::Condition;
using filter::Field;
using filter::QueryRule;

filter::Grammar grammarOf(bool forOrder) {
  filter::Grammar it{.attributes = {{"request_id", "request_id", false, true},
                                    {"trace_id", "request_id", false, true},
                                    {"timestamp", "timestamp_ms", true},
                                    {"timestamp_ms", "timestamp_ms", true},
                                    {"execution_time", "execution_time_ms", true},
                                    {"execution_time_ms", "execution_time_ms", true},
                                    {"end_time", "end_time_ms", true},
                                    {"end_time_ms", "end_time_ms", true},
                                    {"status", "status", false, true},
                                    {"name", "name", false, true},
                                    {"run_id", "run_id", false, true}},
                     .traces = true,
                     .noun = "trace"};
  if (forOrder) {
    it.attributes.push_back({"experiment_id", "experiment_id", true});
  } else {
    it.attributes.push_back({"client_request_id", "client_request_id", false, true});
    it.attributes.push_back({"prompt", "prompt"});
    it.attributes.push_back({"text", "text"});
  }
  return it;
}

Cell textCell(const tracking::Texts& texts, std::string_view key) {
  auto found = texts.find(key);
  return found == texts.end() ? Cell() : Cell(found->second);
}

Cell attributeOf(const Trace& trace, const std::string& key) {
  if (key == "request_id") return trace.traceId;
  if (key == "status") return std::string(stateName(trace.state));
  if (key == "timestamp_ms") return static_cast<double>(trace.requestTime);
  if (key == "execution_time_ms") return trace.duration ? Cell(static_cast<double>(*trace.duration)) : Cell();
  if (key == "end_time_ms") return static_cast<double>(trace.requestTime + trace.duration.value_or(0));
  if (key == "name") return textCell(trace.tags, trace_keys::name);
  if (key == "run_id") return textCell(trace.metadata, trace_keys::sourceRun);
  if (key == "experiment_id") return static_cast<double>(trace.experiment);
  return trace.clientRequestId.empty() ? Cell() : Cell(trace.clientRequestId);
}

bool has(const std::vector<std::string>& list, const std::string& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

/// Values are JSON. Equality ignores the quotes of a text; patterns see them, as in MLflow.
bool valueMatches(const Condition& condition, const Assessment& one) {
  if (std::holds_alternative<double>(condition.operand)) {
    json::value value = parseJson(one.value);
    return value.is_number() && filter::matches(condition, Cell(value.to_number<double>()));
  }
  bool equality = condition.comparator == Comparator::equal || condition.comparator == Comparator::notEqual;
  if (!equality) return filter::matches(condition, Cell(one.value));
  bool isText = one.value.size() >= 2 && one.value.front() == '"';
  std::string plain = isText ? std::string(parseJson(one.value).as_string()) : one.value;
  bool raw = filter::matches(condition, Cell(one.value)), bare = filter::matches(condition, Cell(plain));
  return condition.comparator == Comparator::notEqual ? raw && bare : raw || bare;
}

bool isAboutAssessments(const Condition& condition) {
  return condition.field == Field::feedback || condition.field == Field::expectation;
}

/// The one that a condition asks for, whether it wants it to be there or not.
bool isMeant(const Condition& condition, const Assessment& one) {
  AssessmentKind kind = condition.field == Field::feedback ? AssessmentKind::feedback : AssessmentKind::expectation;
  if (one.kind != kind || one.name != condition.key || !one.valid) return false;
  return condition.comparator == Comparator::isNull || condition.comparator == Comparator::isNotNull ||
         valueMatches(condition, one);
}

bool assessmentMatches(const Condition& condition, const Trace& trace, const std::set<std::string>& sessions) {
  auto session = trace.metadata.find(trace_keys::session);
  bool any = (session != trace.metadata.end() && sessions.contains(session->second)) ||
             std::any_of(trace.assessments.begin(), trace.assessments.end(),
                         [&](const Assessment& one) { return isMeant(condition, one); });
  return any != (condition.comparator == Comparator::isNull);
}

bool speaksForSession(const Condition& condition, const Trace& trace) {
  return std::any_of(trace.assessments.begin(), trace.assessments.end(), [&](const Assessment& one) {
    return one.metadata.contains(trace_keys::session) && isMeant(condition, one);
  });
}

bool traceMatches(const Condition& condition, const Trace& trace) {
  const std::string* text = std::get_if<std::string>(&condition.operand);
  switch (condition.field) {
    case Field::issue:
      return std::any_of(trace.assessments.begin(), trace.assessments.end(), [&](const Assessment& one) {
        return one.kind == AssessmentKind::issue && text && one.name == *text;
      });
    default:
      break;
  }
  bool equality = condition.field == Field::attribute && condition.comparator == Comparator::equal && text;
  if (equality && condition.key == "prompt") return has(trace.prompts, *text);
  if (equality && condition.key == "run_id" && has(trace.runs, *text)) return true;
  return filter::matches(condition, cellOf(trace, condition.field, condition.key));
}

struct SpanRow {
  std::string name, type, status, body;
  std::optional<json::object> attributes = std::nullopt;  ///< read once it is needed
};

bool attributeMatches(const Condition& condition, SpanRow& span) {
  if (!span.attributes) {
    Span full;
    unpackSpan(span.body, full);
    span.attributes = std::move(full.attributes);
  }
  std::string key = condition.key.substr(std::string_view("attributes.").size());
  if (key.size() > 2 && key.front() == '`' && key.back() == '`') key = key.substr(1, key.size() - 2);
  const json::value* value = span.attributes->if_contains(key);
  if (value == nullptr) return false;
  bool raw = filter::matches(condition, Cell(writeJson(*value)));
  bool bare = value->is_string() ? filter::matches(condition, Cell(std::string(value->get_string()))) : raw;
  bool negated = condition.comparator == Comparator::notEqual || condition.comparator == Comparator::notIn;
  return negated ? raw && bare : raw || bare;
}

/// A span whose client gave it no type is stored as UNKNOWN.
Cell typeCell(const SpanRow& span) {
  bool given = span.type != "UNKNOWN" || span.body.find("mlflow.spanType") != std::string::npos;
  return given ? Cell(span.type) : Cell();
}

bool spanMatches(const Condition& condition, SpanRow& span) {
  if (condition.key.starts_with("attributes.")) return attributeMatches(condition, span);
  if (condition.key == "name") return filter::matches(condition, Cell(span.name));
  if (condition.key == "type") return filter::matches(condition, typeCell(span));
  if (condition.key == "status") return filter::matches(condition, Cell(span.status));
  return filter::matches(condition, Cell(span.name + "\n" + span.body));
}

void checkPrompt(const Condition& condition) {
  if (condition.field != Field::attribute || condition.key != "prompt") return;
  const std::string* text = std::get_if<std::string>(&condition.operand);
  if (!text || std::count(text->begin(), text->end(), '/') != 1)
    filter::refuseFilter(QueryRule::prompt, "must compare 'prompt' with \"name/version\"", text ? *text : "");
}

}  // namespace

Cell cellOf(const Trace& trace, Field field, const std::string& key) {
  if (field == Field::tag) return textCell(trace.tags, key);
  if (field == Field::metadata) return textCell(trace.metadata, key);
  return attributeOf(trace, key);
}

TraceFilter::TraceFilter(const std::string& text) {
  static const filter::Grammar grammar = grammarOf(false);
  for (Condition& condition : filter::parseFilter(text, grammar)) {
    checkPrompt(condition);
    bool wholeText = condition.field == Field::attribute && condition.key == "text";
    if (wholeText) condition.field = Field::span, condition.key = "content";
    (condition.field == Field::span ? spanConditions_ : conditions_).push_back(std::move(condition));
  }
}

void TraceFilter::readSessions(db::Transaction& transaction, const std::set<std::int64_t>& experiments) {
  if (std::none_of(conditions_.begin(), conditions_.end(), isAboutAssessments)) return;
  static const std::string sql = fmt::format(
      "SELECT {} FROM trace WHERE experiment = $1 AND assessments LIKE '%\"{}\"%'", traceColumns, trace_keys::session);
  for (std::int64_t experiment : experiments) {
    db::Rows rows = transaction.query(sql, {experiment});
    while (rows.next()) {
      Trace trace = readTrace(rows);
      auto name = trace.metadata.find(trace_keys::session);
      if (name == trace.metadata.end()) continue;
      for (std::size_t i = 0; i < conditions_.size(); ++i)
        if (isAboutAssessments(conditions_[i]) && speaksForSession(conditions_[i], trace))
          sessions_[i].insert(name->second);
    }
  }
}

bool TraceFilter::fits(std::size_t condition, const Trace& trace) const {
  static const std::set<std::string> none;
  if (!isAboutAssessments(conditions_[condition])) return traceMatches(conditions_[condition], trace);
  auto sessions = sessions_.find(condition);
  return assessmentMatches(conditions_[condition], trace, sessions == sessions_.end() ? none : sessions->second);
}

bool TraceFilter::matches(db::Transaction& transaction, const Trace& trace) const {
  for (std::size_t i = 0; i < conditions_.size(); ++i)
    if (!fits(i, trace)) return false;
  if (spanConditions_.empty()) return true;
  static constexpr std::string_view statusNames[] = {"UNSET", "OK", "ERROR"};
  db::Rows rows = transaction.query("SELECT name, type, status, body FROM span WHERE trace = $1", {trace.row});
  while (rows.next()) {
    SpanRow span{rows.text(0), rows.text(1), std::string(statusNames[std::clamp<std::int64_t>(rows.integer(2), 0, 2)]),
                 rows.text(3)};
    if (std::all_of(spanConditions_.begin(), spanConditions_.end(),
                    [&](const Condition& condition) { return spanMatches(condition, span); }))
      return true;
  }
  return false;
}

std::vector<filter::OrderBy> traceOrder(const std::vector<std::string>& items) {
  static const filter::Grammar grammar = grammarOf(true);
  filter::checkOrderCount(items.size());
  std::vector<filter::OrderBy> order;
  for (const std::string& item : items) {
    filter::OrderBy by = filter::parseOrderBy(item, grammar);
    if (by.field != Field::attribute && by.field != Field::tag && by.field != Field::metadata)
      filter::refuseOrder(QueryRule::orderField, "must name an attribute, a tag or metadata", item, {""});
    for (const filter::OrderBy& earlier : order)
      if (earlier.field == by.field && earlier.key == by.key)
        filter::refuseOrder(QueryRule::orderRepeated, "must not repeat a field", item, items);
    order.push_back(std::move(by));
  }
  return order;
}

}  // namespace regesta::telemetry

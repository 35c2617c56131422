#include "telemetry/assessment.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/id.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "telemetry/trace.h"
#include "tracking/missing.h"
#include "tracking/rules.h"

namespace regesta::telemetry {
namespace {

constexpr std::string_view kindNames[] = {"feedback", "expectation", "issue"};

void put(JsonWriter& w, std::string_view key, const std::string& text) {
  if (!text.empty()) w.key(key).text(text);
}

std::string textIn(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value ? std::string(value->as_string()) : std::string();
}
std::string rawIn(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value ? writeJson(*value) : std::string();
}

Assessment read(const json::object& from) {
  Assessment one{.id = textIn(from, "id"),
                 .name = textIn(from, "name"),
                 .spanId = textIn(from, "span"),
                 .sourceType = textIn(from, "source_type"),
                 .sourceId = textIn(from, "source"),
                 .createdAt = from.at("created").to_number<std::int64_t>(),
                 .updatedAt = from.at("updated").to_number<std::int64_t>(),
                 .value = rawIn(from, "value"),
                 .error = rawIn(from, "error"),
                 .overrides = textIn(from, "overrides"),
                 .valid = !from.contains("invalid")};
  std::string kind = textIn(from, "kind");
  one.kind = static_cast<AssessmentKind>(std::find(std::begin(kindNames), std::end(kindNames), kind) - kindNames);
  if (from.contains("rationale")) one.rationale = textIn(from, "rationale");
  if (const json::value* metadata = from.if_contains("metadata"))
    for (const auto& [key, value] : metadata->as_object()) one.metadata.emplace(key, value.as_string());
  return one;
}

void checkAssessment(const Assessment& made) {
  if (made.name.empty()) throw Invalid("assessment.assessment_name", "is required");
  tracking::checkLength("assessment_name", limits::assessmentNameLength, made.name);
  tracking::checkLength("assessment_id", limits::assessmentIdLength, made.id);
  std::size_t size = made.value.size() + made.error.size() + made.rationale.value_or("").size();
  for (const auto& [key, value] : made.metadata) size += key.size() + value.size();
  if (size > limits::assessmentSize)
    throw error(Code::tooLarge, "an assessment may have at most {} bytes", limits::assessmentSize);
}

auto placeOf(std::vector<Assessment>& list, std::string_view id) {
  return std::find_if(list.begin(), list.end(), [&](const Assessment& a) { return a.id == id; });
}

[[noreturn]] void missing(const Trace& trace, std::string_view id) {
  throw tracking::Missing("assessment", id, "trace", trace.traceId);
}

}  // namespace

std::string packAssessments(const std::vector<Assessment>& assessments) {
  std::string out;
  JsonWriter w(out);
  w.array();
  for (const Assessment& one : assessments) {
    w.object().key("id").text(one.id).key("name").text(one.name);
    w.key("kind").text(kindNames[static_cast<std::size_t>(one.kind)]).key("value").raw(one.value);
    put(w, "span", one.spanId);
    put(w, "source_type", one.sourceType);
    put(w, "source", one.sourceId);
    w.key("created").number(one.createdAt).key("updated").number(one.updatedAt);
    if (!one.error.empty()) w.key("error").raw(one.error);
    if (one.rationale) w.key("rationale").text(*one.rationale);
    if (!one.metadata.empty()) w.key("metadata").raw(tracking::packTexts(one.metadata));
    put(w, "overrides", one.overrides);
    if (!one.valid) w.key("invalid").boolean(true);
    w.end();
  }
  w.end();
  return out;
}

std::vector<Assessment> unpackAssessments(std::string_view packed) {
  std::vector<Assessment> list;
  if (packed == "[]") return list;
  try {
    json::value tree = parseJson(packed);
    for (const json::value& item : tree.as_array()) list.push_back(read(item.as_object()));
  } catch (const boost::system::system_error&) {
    throw Error(Code::corrupt, "a trace's assessments are not what was written");
  }
  return list;
}

Assessment addAssessment(Trace& trace, Assessment made, std::int64_t now) {
  if (made.id.empty()) made.id = "a-" + randomHex(16);
  if (made.createdAt == 0) made.createdAt = now;
  if (made.updatedAt == 0) made.updatedAt = now;
  made.valid = true;
  checkAssessment(made);
  if (placeOf(trace.assessments, made.id) != trace.assessments.end())
    throw error(Code::exists, "Trace '{}' already has an assessment with ID '{}'", trace.traceId, made.id);
  if (trace.assessments.size() >= limits::traceAssessments)
    throw error(Code::invalid, "A trace can have at most {} assessments", limits::traceAssessments);
  if (!made.overrides.empty()) {
    auto overridden = placeOf(trace.assessments, made.overrides);
    if (overridden == trace.assessments.end()) missing(trace, made.overrides);
    overridden->valid = false;
  }
  return trace.assessments.emplace_back(std::move(made));
}

const Assessment& getAssessment(const Trace& trace, std::string_view id) {
  auto found =
      std::find_if(trace.assessments.begin(), trace.assessments.end(), [&](const Assessment& a) { return a.id == id; });
  if (found == trace.assessments.end()) missing(trace, id);
  return *found;
}

Assessment updateAssessment(Trace& trace, std::string_view id, const AssessmentUpdate& update, std::int64_t now) {
  auto place = placeOf(trace.assessments, id);
  if (place == trace.assessments.end()) missing(trace, id);
  if (update.expectation && update.feedback) throw Invalid("feedback", "must not be given with expectation");
  if (update.expectation && place->kind != AssessmentKind::expectation)
    throw Error(Code::invalid, "Cannot update expectation value on a Feedback assessment.");
  if (update.feedback && place->kind != AssessmentKind::feedback)
    throw Error(Code::invalid, "Cannot update feedback value on an Expectation assessment.");
  Assessment changed = *place;
  if (update.name) changed.name = *update.name;
  if (update.rationale) changed.rationale = update.rationale;
  if (update.expectation) changed.value = *update.expectation;
  if (update.feedback) changed.value = *update.feedback, changed.error = update.error;
  if (update.metadata)
    for (const auto& [key, value] : *update.metadata) changed.metadata.insert_or_assign(key, value);
  if (update.valid) changed.valid = *update.valid;
  changed.updatedAt = now;
  checkAssessment(changed);
  return *place = std::move(changed);
}

void removeAssessment(Trace& trace, std::string_view id) {
  auto place = placeOf(trace.assessments, id);
  if (place == trace.assessments.end()) return;
  auto overridden = placeOf(trace.assessments, place->overrides);
  if (overridden != trace.assessments.end()) overridden->valid = true;
  trace.assessments.erase(place);
}

std::optional<double> numberOf(const Assessment& assessment) {
  json::value value = parseJson(assessment.value);
  if (value.is_bool()) return value.get_bool() ? 1 : 0;
  if (value.is_string()) {
    std::string said = lower(trim(value.get_string()));
    return said == "yes" ? std::optional(1.0) : said == "no" ? std::optional(0.0) : std::nullopt;
  }
  if (!value.is_number()) return std::nullopt;
  double number = value.to_number<double>();
  return std::isfinite(number) ? std::optional(number) : std::nullopt;
}

}  // namespace regesta::telemetry

#include "api/mlflow/trace_wire.h"

#include <cmath>

#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "tracking/rules.h"

namespace regesta::api::mlflow::wire {
namespace {

constexpr std::string_view experimentLocation = "MLFLOW_EXPERIMENT";
constexpr std::string_view jsonFormat = "JSON_FORMAT";
constexpr std::string_view sourceWords[] = {"HUMAN", "LLM_JUDGE", "CODE"};

tracking::Texts textsOf(const TextMap& map) { return {map.begin(), map.end()}; }
TextMap mapOf(const tracking::Texts& texts) { return {texts.begin(), texts.end()}; }
std::optional<std::string> given(const std::string& text) { return text.empty() ? std::nullopt : std::optional(text); }

std::string sourceTypeOf(const std::string& word) {
  if (word == "AI_JUDGE") return "LLM_JUDGE";
  bool known = std::find(std::begin(sourceWords), std::end(sourceWords), word) != std::end(sourceWords);
  return known ? word : "SOURCE_TYPE_UNSPECIFIED";
}

/// As protobuf writes it: a fraction only if there is one.
std::string protoTime(std::int64_t millis) {
  std::string text = formatTime(millis);
  constexpr std::string_view none = ".000Z";
  if (text.ends_with(none)) text.replace(text.size() - none.size(), none.size(), "Z");
  return text;
}

bool needsString(const std::string& jsonText) { return jsonText[0] == '[' || jsonText[0] == '{'; }

std::string issueOf(const IssueReference& issue) {
  std::string out;
  JsonWriter(out).object().key("issue_name").text(issue.issue_name).end();
  return out;
}

void putValue(const telemetry::Assessment& one, Assessment& out) {
  using Kind = telemetry::AssessmentKind;
  if (one.kind == Kind::feedback) {
    out.feedback.emplace().value.text = one.value;
    if (!one.error.empty()) out.feedback->error = readAs<AssessmentError>(parseJson(one.error));
  } else if (one.kind == Kind::expectation) {
    Expectation& expectation = out.expectation.emplace();
    if (needsString(one.value))
      expectation.serialized_value = {std::string(jsonFormat), one.value};
    else
      expectation.value.text = one.value;
  } else {
    out.issue = readAs<IssueReference>(parseJson(one.value));
  }
}

}  // namespace

std::int64_t millisOf(const std::string& time, const char* field) {
  std::optional<std::int64_t> millis = parseTime(time);
  if (!millis) throw Invalid(field, "must be a time such as 2026-11-25T02:15:12.345Z");
  return *millis;
}

std::int64_t durationOf(const std::string& text, const char* field) {
  std::optional<double> seconds =
      text.ends_with('s') ? parseDouble(std::string_view(text).substr(0, text.size() - 1)) : std::nullopt;
  // Beyond 10,000 years protobuf knows no durations either.
  if (!seconds || !std::isfinite(*seconds) || std::abs(*seconds) > 315'576'000'000.0)
    throw Invalid(field, "must be a duration such as \"1.5s\"");
  return std::llround(*seconds * 1000);
}

std::string durationText(std::int64_t millis) {
  return fmt::format("{}{}.{:03}s", millis < 0 ? "-" : "", std::abs(millis / 1000), std::abs(millis % 1000));
}

std::string valueOf(const Feedback& feedback) { return feedback.value.text.empty() ? "null" : feedback.value.text; }

std::string valueOf(const Expectation& expectation) {
  if (!expectation.serialized_value) return expectation.value.text.empty() ? "null" : expectation.value.text;
  if (expectation.serialized_value->serialization_format != jsonFormat)
    throw error(Code::invalid, "Unknown serialization format: {}. Only JSON_FORMAT is supported.",
                shorten(expectation.serialized_value->serialization_format, 50));
  return writeJson(parseJson(expectation.serialized_value->value));
}

std::string errorOf(const std::optional<AssessmentError>& error) { return error ? writeAs(*error) : std::string(); }

telemetry::Assessment assessmentOf(const Assessment& from) {
  using Kind = telemetry::AssessmentKind;
  if (from.feedback.has_value() + from.expectation.has_value() + from.issue.has_value() != 1)
    throw Error(Code::invalid, "Exactly one of `expectation`, `feedback`, or `issue` should be specified.");
  telemetry::Assessment one{.id = from.assessment_id,
                            .name = from.assessment_name,
                            .spanId = from.span_id.value_or(""),
                            .rationale = from.rationale,
                            .metadata = textsOf(from.metadata),
                            .overrides = from.overrides.value_or("")};
  if (from.source) {
    one.sourceType = sourceTypeOf(from.source->source_type);
    one.sourceId = from.source->source_id;
  }
  if (!from.create_time.empty()) one.createdAt = millisOf(from.create_time, "assessment.create_time");
  if (!from.last_update_time.empty()) one.updatedAt = millisOf(from.last_update_time, "assessment.last_update_time");
  if (from.feedback) {
    one.kind = Kind::feedback;
    one.value = valueOf(*from.feedback);
    one.error = errorOf(from.feedback->error ? from.feedback->error : from.error);
  } else if (from.expectation) {
    one.kind = Kind::expectation;
    one.value = valueOf(*from.expectation);
  } else {
    one.kind = Kind::issue;
    one.value = issueOf(*from.issue);
  }
  return one;
}

Assessment assessmentOf(const telemetry::Assessment& one, const std::string& traceId) {
  Assessment out{.assessment_id = one.id,
                 .assessment_name = one.name,
                 .trace_id = traceId,
                 .span_id = given(one.spanId),
                 .create_time = protoTime(one.createdAt),
                 .last_update_time = protoTime(one.updatedAt),
                 .rationale = one.rationale,
                 .metadata = mapOf(one.metadata),
                 .overrides = given(one.overrides),
                 .valid = one.valid};
  if (!one.sourceType.empty()) out.source = {one.sourceType, one.sourceId};
  putValue(one, out);
  return out;
}

telemetry::Trace traceOf(const TraceInfo& info) {
  if (!info.trace_location.mlflow_experiment) throw Invalid("trace.trace_info.trace_location", "is required");
  telemetry::Trace trace{
      .traceId = info.trace_id,
      .experiment = tracking::parseExperimentId(info.trace_location.mlflow_experiment->experiment_id),
      .clientRequestId = info.client_request_id.value_or(""),
      .requestPreview = info.request_preview,
      .responsePreview = info.response_preview,
      .tags = textsOf(info.tags),
      .metadata = textsOf(info.trace_metadata)};
  if (!info.request_time.empty()) trace.requestTime = millisOf(info.request_time, "trace.trace_info.request_time");
  if (info.execution_duration)
    trace.duration = durationOf(*info.execution_duration, "trace.trace_info.execution_duration");
  if (!info.state.empty()) {
    std::optional<telemetry::TraceState> state = telemetry::parseTraceState(info.state);
    if (!state) throw Invalid("trace.trace_info.state", "must be OK, ERROR, IN_PROGRESS or STATE_UNSPECIFIED");
    trace.state = *state;
  }
  for (const Assessment& assessment : info.assessments) trace.assessments.push_back(assessmentOf(assessment));
  return trace;
}

TraceInfo infoOf(const telemetry::Trace& trace) {
  TraceInfo info{
      .trace_id = trace.traceId,
      .client_request_id = given(trace.clientRequestId),
      .trace_location = {std::string(experimentLocation), ExperimentLocation{std::to_string(trace.experiment)}},
      .request_preview = trace.requestPreview,
      .response_preview = trace.responsePreview,
      .request_time = protoTime(trace.requestTime),
      .state = std::string(telemetry::stateName(trace.state)),
      .trace_metadata = mapOf(trace.metadata),
      .tags = mapOf(trace.tags)};
  if (trace.duration) info.execution_duration = durationText(*trace.duration);
  for (const telemetry::Assessment& assessment : trace.assessments)
    info.assessments.push_back(assessmentOf(assessment, trace.traceId));
  return info;
}

}  // namespace regesta::api::mlflow::wire

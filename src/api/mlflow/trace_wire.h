#pragma once
#include <optional>
#include <string>
#include <vector>

#include "api/shape.h"
#include "telemetry/trace.h"

/// Traces and assessments in MLflow's protocol (service.proto, assessments.proto).
namespace regesta::api::mlflow::wire {

struct ExperimentLocation {
  std::string experiment_id;
  static constexpr Field fields[] = {field<&ExperimentLocation::experiment_id>("experiment_id")};
};
struct TraceLocation {
  std::string type;
  std::optional<ExperimentLocation> mlflow_experiment;
  static constexpr Field fields[] = {field<&TraceLocation::type>("type"),
                                     field<&TraceLocation::mlflow_experiment>("mlflow_experiment")};
};

struct AssessmentSource {
  std::string source_type, source_id;
  static constexpr Field fields[] = {field<&AssessmentSource::source_type>("source_type"),
                                     field<&AssessmentSource::source_id>("source_id")};
};
struct AssessmentError {
  std::string error_code;
  std::optional<std::string> error_message, stack_trace;
  static constexpr Field fields[] = {field<&AssessmentError::error_code>("error_code"),
                                     field<&AssessmentError::error_message>("error_message"),
                                     field<&AssessmentError::stack_trace>("stack_trace")};
};
struct Feedback {
  RawJson value;
  std::optional<AssessmentError> error;
  static constexpr Field fields[] = {field<&Feedback::value>("value"), field<&Feedback::error>("error")};
};
/// Lists, objects and null are JSON in a string.
struct SerializedValue {
  std::string serialization_format, value;
  static constexpr Field fields[] = {field<&SerializedValue::serialization_format>("serialization_format"),
                                     field<&SerializedValue::value>("value")};
};
struct Expectation {
  RawJson value;
  std::optional<SerializedValue> serialized_value;
  static constexpr Field fields[] = {field<&Expectation::value>("value"),
                                     field<&Expectation::serialized_value>("serialized_value")};
};
struct IssueReference {
  std::string issue_name;
  static constexpr Field fields[] = {field<&IssueReference::issue_name>("issue_name")};
};
struct Assessment {
  std::string assessment_id, assessment_name, trace_id;
  std::optional<std::string> span_id;
  std::optional<AssessmentSource> source;
  std::string create_time, last_update_time;
  std::optional<Feedback> feedback;
  std::optional<Expectation> expectation;
  std::optional<IssueReference> issue;
  std::optional<std::string> rationale;
  std::optional<AssessmentError> error;
  TextMap metadata;
  std::optional<std::string> overrides;
  std::optional<bool> valid;
  static constexpr Field fields[] = {field<&Assessment::assessment_id>("assessment_id"),
                                     field<&Assessment::assessment_name>("assessment_name"),
                                     field<&Assessment::trace_id>("trace_id"),
                                     field<&Assessment::span_id>("span_id"),
                                     field<&Assessment::source>("source"),
                                     field<&Assessment::create_time>("create_time"),
                                     field<&Assessment::last_update_time>("last_update_time"),
                                     field<&Assessment::feedback>("feedback"),
                                     field<&Assessment::expectation>("expectation"),
                                     field<&Assessment::issue>("issue"),
                                     field<&Assessment::rationale>("rationale"),
                                     field<&Assessment::error>("error"),
                                     field<&Assessment::metadata>("metadata"),
                                     field<&Assessment::overrides>("overrides"),
                                     field<&Assessment::valid>("valid")};
};

struct TraceInfo {
  std::string trace_id;
  std::optional<std::string> client_request_id;
  TraceLocation trace_location;
  std::optional<std::string> request_preview, response_preview;
  std::string request_time;
  std::optional<std::string> execution_duration;
  std::string state;
  TextMap trace_metadata;
  std::vector<Assessment> assessments;
  TextMap tags;
  static constexpr Field fields[] = {field<&TraceInfo::trace_id>("trace_id", required),
                                     field<&TraceInfo::client_request_id>("client_request_id"),
                                     field<&TraceInfo::trace_location>("trace_location"),
                                     field<&TraceInfo::request_preview>("request_preview"),
                                     field<&TraceInfo::response_preview>("response_preview"),
                                     field<&TraceInfo::request_time>("request_time"),
                                     field<&TraceInfo::execution_duration>("execution_duration"),
                                     field<&TraceInfo::state>("state"),
                                     field<&TraceInfo::trace_metadata>("trace_metadata"),
                                     field<&TraceInfo::assessments>("assessments"),
                                     field<&TraceInfo::tags>("tags")};
};
struct Trace {
  TraceInfo trace_info;
  RawJson spans;  ///< a list of OTLP spans; absent if only the info was requested
  static constexpr Field fields[] = {field<&Trace::trace_info>("trace_info", required), field<&Trace::spans>("spans")};
};

/// Both throw Invalid that names the field.
telemetry::Trace traceOf(const TraceInfo& info);
telemetry::Assessment assessmentOf(const Assessment& from);

Assessment assessmentOf(const telemetry::Assessment& one, const std::string& traceId);
TraceInfo infoOf(const telemetry::Trace& trace);
/// A feedback's value, or an expectation's, as JSON. Throws Error{invalid} for a format other than JSON.
std::string valueOf(const Feedback& feedback);
std::string valueOf(const Expectation& expectation);
std::string errorOf(const std::optional<AssessmentError>& error);  ///< JSON, or empty

/// Spans in the protocol's JSON: ids in base64, attributes as a list of typed values.
std::string spansOf(const std::vector<telemetry::Span>& spans);
/// Spans in the form of traces.json: attributes as an object of JSON texts.
std::string traceFileOf(const std::vector<telemetry::Span>& spans);

/// RFC 3339 to milliseconds. Throws Invalid.
std::int64_t millisOf(const std::string& time, const char* field);
/// "1.5s" to milliseconds and back. Throws Invalid.
std::int64_t durationOf(const std::string& text, const char* field);
std::string durationText(std::int64_t millis);

}  // namespace regesta::api::mlflow::wire

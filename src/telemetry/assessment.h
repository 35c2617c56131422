#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tracking/pack.h"

namespace regesta::telemetry {

struct Trace;

enum class AssessmentKind { feedback, expectation, issue };

/// An assessment of a trace or one of its spans by a person, a judge model or code.
struct Assessment {
  std::string id;    ///< "a-" and 32 hexadecimal digits
  std::string name;  ///< for an issue: its id
  std::string spanId;
  std::string sourceType, sourceId;  ///< HUMAN, LLM_JUDGE or CODE, and its name
  std::int64_t createdAt = 0, updatedAt = 0;
  AssessmentKind kind = AssessmentKind::feedback;
  std::string value;  ///< JSON; for an issue {"issue_name":…}
  std::string error;  ///< JSON {"error_code","error_message","stack_trace"}, or empty; feedback only
  std::optional<std::string> rationale;
  tracking::Texts metadata;
  std::string overrides;  ///< id of the assessment that this one overrides
  bool valid = true;      ///< not overridden
};

std::string packAssessments(const std::vector<Assessment>& assessments);
/// Throws Error{corrupt} for text that packAssessments did not write.
std::vector<Assessment> unpackAssessments(std::string_view packed);

/// All change a trace of getTrace(); saveTrace() stores it.

/// Sets missing id and times; an overridden assessment becomes invalid. Throws Error{notFound} for an unknown
/// overridden one, Error{exists} for a used id, Error{invalid} for names and values that break a rule and beyond
/// limits::traceAssessments.
Assessment addAssessment(Trace& trace, Assessment made, std::int64_t now);
const Assessment& getAssessment(const Trace& trace, std::string_view id);  ///< throws Error{notFound}

struct AssessmentUpdate {
  std::optional<std::string> name, rationale;
  std::optional<std::string> feedback, expectation;  ///< new values as JSON, of the assessment's own kind
  std::string error;                                 ///< belongs to feedback
  std::optional<tracking::Texts> metadata;           ///< merged into the present metadata
  std::optional<bool> valid;
};
/// Throws Error{notFound}, and Error{invalid} for a value of the other kind.
Assessment updateAssessment(Trace& trace, std::string_view id, const AssessmentUpdate& update, std::int64_t now);
/// An assessment that it overrode becomes valid again. No effect if there is none.
void removeAssessment(Trace& trace, std::string_view id);

/// The value as a number: numbers unchanged, true and "yes" 1, false and "no" 0; empty for other values.
std::optional<double> numberOf(const Assessment& assessment);

}  // namespace regesta::telemetry

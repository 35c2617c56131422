#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tracking/pack.h"

namespace regesta::tracking {

struct Trace;

enum class AssessmentKind { feedback, expectation, issue };

/// What a person, a judge model or code says about a trace or one of its spans.
struct Assessment {
  std::string id;    ///< "a-" and 32 hexadecimal digits
  std::string name;  ///< for an issue: its id
  std::string spanId;
  std::string sourceType, sourceId;  ///< HUMAN, LLM_JUDGE or CODE, and which one
  std::int64_t createdAt = 0, updatedAt = 0;
  AssessmentKind kind = AssessmentKind::feedback;
  std::string value;  ///< JSON; for an issue {"issue_name":…}
  std::string error;  ///< JSON {"error_code","error_message","stack_trace"}, or empty; feedback only
  std::optional<std::string> rationale;
  Texts metadata;
  std::string overrides;  ///< id of the assessment that this one stands in for
  bool valid = true;      ///< no other stands in for it
};

std::string packAssessments(const std::vector<Assessment>& assessments);
/// Throws Error{corrupt} for what packAssessments has not written.
std::vector<Assessment> unpackAssessments(std::string_view packed);

/// All change a trace that getTrace() returned; saveTrace() keeps it.

/// Fills id and times where they are missing; the one it overrides becomes invalid. Throws Error{notFound} when that
/// one is not there, Error{exists} for an id that is taken, Error{invalid} for names and values that break a rule and
/// beyond limits::traceAssessments.
Assessment addAssessment(Trace& trace, Assessment made, std::int64_t now);
const Assessment& getAssessment(const Trace& trace, std::string_view id);  ///< throws Error{notFound}

struct AssessmentUpdate {
  std::optional<std::string> name, rationale;
  std::optional<std::string> feedback, expectation;  ///< new values as JSON, of the assessment's own kind
  std::string error;                                 ///< goes with feedback
  std::optional<Texts> metadata;                     ///< merged into what there is
  std::optional<bool> valid;
};
/// Throws Error{notFound}, and Error{invalid} for a value of the other kind.
Assessment updateAssessment(Trace& trace, std::string_view id, const AssessmentUpdate& update, std::int64_t now);
/// The one it overrode becomes valid again. Silent when there is none.
void removeAssessment(Trace& trace, std::string_view id);

/// The value as a number where it is one: numbers as they are, true and "yes" (as judges say) 1, false and "no" 0;
/// nothing for other text, lists and the rest.
std::optional<double> numberOf(const Assessment& assessment);

}  // namespace regesta::tracking

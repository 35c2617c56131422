#pragma once
#include <string>
#include <string_view>

#include "evaluation/check/judge.h"

namespace regesta::evaluation::check {

/// The prompt for a grading model. The output under test is untrusted: it is between delimiters that it cannot contain,
/// and the prompt says that text between them is not an instruction.
struct GradingPrompt {
  std::string system, user;
};

/// `type`: llm-rubric, model-graded-closedqa, factuality. `wanted` is the rubric, the criterion or the expert's answer;
/// `input` the case's variables as JSON.
GradingPrompt gradingPrompt(std::string_view type, std::string_view wanted, std::string_view output,
                            std::string_view input);

/// Reads the model's verdict: a JSON object {"pass","score","reason"} (factuality: {"category","reason"}), alone or
/// within other text. Throws Error{invalid} without one.
Grade readVerdict(std::string_view type, std::string_view answer);

}  // namespace regesta::evaluation::check

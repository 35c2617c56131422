#pragma once
#include <string>
#include <string_view>

#include "delivery/check/judge.h"

namespace regesta::delivery::check {

/// What a grading model is asked. The output under test is a stranger's text: it stands between marks that it cannot
/// contain, and the model is told that nothing between them is an instruction.
struct GradingPrompt {
  std::string system, user;
};

/// `type`: llm-rubric, model-graded-closedqa, factuality. `wanted` is the rubric, the criterion or the expert's answer;
/// `input` the case's variables as JSON.
GradingPrompt gradingPrompt(std::string_view type, std::string_view wanted, std::string_view output,
                            std::string_view input);

/// Reads the model's verdict: a JSON object {"pass","score","reason"} (factuality: {"category","reason"}), alone or
/// within other text. Throws Error{invalid} for an answer without one.
Grade readVerdict(std::string_view type, std::string_view answer);

}  // namespace regesta::delivery::check

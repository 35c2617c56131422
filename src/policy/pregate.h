#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "policy/engine.h"

namespace regesta::policy {

/// The cheap measure taken before any parser sees a text: its size, how deep its brackets nest outside strings and
/// comments, how many operators one statement has. What exceeds a limit of base/limits.h would cost the engine minutes
/// or its stack, so it is a Problem (code "too_complex") with the place. Nothing when the text may be parsed.
std::optional<Problem> tooComplex(const Module& module);
/// All modules of one policy, their number included.
std::optional<Problem> tooComplex(const std::vector<Module>& modules);
/// The same for a Jinja2 template. Returns what is wrong, in words.
std::optional<std::string> tooComplexTemplate(std::string_view text);

}  // namespace regesta::policy

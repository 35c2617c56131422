#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "policy/engine.h"

namespace regesta::policy {

/// Cheap check before parsing: size, nesting depth outside strings and comments, operators per statement. Text beyond a
/// limit of base/limits.h could take the engine minutes or overflow its stack, so it is a Problem (code "too_complex")
/// with the position. Empty if the text may be parsed.
std::optional<Problem> tooComplex(const Module& module);
/// Checks all modules of a policy and their number.
std::optional<Problem> tooComplex(const std::vector<Module>& modules);
/// The same for a Jinja2 template. Returns the error message.
std::optional<std::string> tooComplexTemplate(std::string_view text);

}  // namespace regesta::policy

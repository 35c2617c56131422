#pragma once
#include <string>
#include <string_view>

#include "base/json.h"

namespace regesta::prompt {

/// A value as inserted into a text: strings unchanged, null as empty, anything else as JSON.
std::string textOfValue(const json::value& value);

/// Mustache by its specification, without lambdas and without HTML escaping. An unknown name is empty.
/// Throws Error{invalid} with the line for a faulty template, or one that exceeds a limit.
std::string renderMustache(std::string_view text, const json::object& variables);

/// A Python format string. Conversions and format specifications ({x!r}, {x:>10}) are refused.
std::string renderFString(std::string_view text, const json::object& variables);

}  // namespace regesta::prompt

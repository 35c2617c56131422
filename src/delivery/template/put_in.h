#pragma once
#include <string>
#include <string_view>

#include "base/json.h"

namespace regesta::delivery {

/// A value as it stands in a text: strings as they are, null as nothing, anything else as JSON.
std::string textOfValue(const json::value& value);

/// Mustache by its specification, without lambdas and without HTML escaping. A name that is not there is nothing.
/// Throws Error{invalid} with the line for a faulty template, or one that does more than limits allow.
std::string renderMustache(std::string_view text, const json::object& variables);

/// A Python format string. Conversions and format specifications ({x!r}, {x:>10}) are refused.
std::string renderFString(std::string_view text, const json::object& variables);

}  // namespace regesta::delivery

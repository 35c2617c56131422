#pragma once
#include <optional>
#include <string_view>

#include "base/json.h"

namespace regesta::delivery::file {

/// What a plain scalar stands for by the core schema of YAML 1.2: null, a boolean, a number, or the text itself.
/// Nothing for numbers that JSON cannot hold (.inf, .nan, 1e999).
std::optional<json::value> plainScalar(std::string_view text);

}  // namespace regesta::delivery::file

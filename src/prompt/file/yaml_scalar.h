#pragma once
#include <optional>
#include <string_view>

#include "base/json.h"

namespace regesta::prompt::file {

/// The value of a plain scalar by the core schema of YAML 1.2: null, a boolean, a number, or the text. Empty for
/// numbers that JSON cannot represent (.inf, .nan, 1e999).
std::optional<json::value> plainScalar(std::string_view text);

}  // namespace regesta::prompt::file

#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "base/json.h"

namespace regesta::delivery::check {

/// {{name}} in the value's texts becomes the variable: text as it is, anything else as JSON. Unknown names stay.
json::value fillIn(const json::value& value, const json::object& vars);

/// Changes of one character that lead from `a` to `b`, by code points. Texts above `most` code points are cut there.
std::size_t editDistance(std::string_view a, std::string_view b, std::size_t most = 5000);
std::size_t wordCount(std::string_view text);

/// The first JSON object or list that stands somewhere in the text; null when there is none.
json::value firstJson(std::string_view text);

}  // namespace regesta::delivery::check

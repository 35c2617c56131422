#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "base/json.h"

namespace regesta::evaluation::check {

/// Replaces {{name}} in the value's texts by the variable: text unchanged, anything else as JSON. Unknown names stay.
json::value fillIn(const json::value& value, const json::object& vars);

/// Levenshtein distance of `a` and `b` by code points. Texts are cut to `most` code points.
std::size_t editDistance(std::string_view a, std::string_view b, std::size_t most = 5000);
std::size_t wordCount(std::string_view text);

/// The first JSON object or list in the text; null if there is none.
json::value firstJson(std::string_view text);

}  // namespace regesta::evaluation::check

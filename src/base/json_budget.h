#pragma once
#include "base/json.h"

namespace regesta {

/// parseJson for a text that may have more values than limits::jsonValues: a stored table.
json::value parseLargeJson(std::string_view text, std::size_t mostValues);

}  // namespace regesta

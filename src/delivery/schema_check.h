#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"

namespace regesta::delivery {

/// Why the value breaks the schema, beginning with where: "'tone' must be one of [\"kind\",\"formal\"]"; nothing when
/// it fits. Knows type, enum, const, required, properties, additionalProperties, items, bounds and lengths; other
/// keywords allow everything.
std::optional<std::string> schemaFault(const json::value& value, const json::value& schema, std::string_view where);

}  // namespace regesta::delivery

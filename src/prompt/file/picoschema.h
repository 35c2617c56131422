#pragma once
#include <string>

#include "base/json.h"

namespace regesta::prompt::file {

/// Dotprompt's short form of a JSON Schema: "name?: string, what it is", "tags(array): string", "size(enum): [S, M]",
/// "(*): any". A JSON Schema (an object with "type", "properties" or "$ref") stays unchanged.
/// Throws Error{invalid} that names the member.
json::value fromPicoschema(const json::value& schema);

/// The short form of an object's schema. Empty if Picoschema cannot represent it.
std::optional<json::object> toPicoschema(const json::object& schema);

}  // namespace regesta::prompt::file

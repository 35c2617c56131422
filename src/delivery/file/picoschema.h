#pragma once
#include <string>

#include "base/json.h"

namespace regesta::delivery::file {

/// Dotprompt's short form of a JSON Schema: "name?: string, what it is", "tags(array): string", "size(enum): [S, M]",
/// "(*): any". A value that is a JSON Schema already (an object with "type", "properties" or "$ref") stays as it is.
/// Throws Error{invalid} that names the member.
json::value fromPicoschema(const json::value& schema);

/// The short form of an object's schema. Nothing when it says what Picoschema cannot.
std::optional<json::object> toPicoschema(const json::object& schema);

}  // namespace regesta::delivery::file

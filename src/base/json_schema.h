#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace regesta {

/// Where and how a JSON document breaks a schema. `path` is a JSON pointer (RFC 6901), empty for the whole document.
struct SchemaProblem {
  std::string path, message;
};

/// Whether the regular expression matches in the text. Patterns are untrusted, so the caller provides an engine that is
/// safe for them.
using PatternSearch = std::function<bool(std::string_view pattern, std::string_view text)>;

/// Checks a document against a JSON Schema, draft 2020-12; where draft 7 says a thing differently (`definitions`, lists
/// in `items`, `additionalItems`, `dependencies`), that is understood too. `format` is checked for date-time, date,
/// email, uri, uuid and ipv4, as ajv with its formats does, and is a remark otherwise. References stay inside the
/// schema: "#", "#/$defs/name". Returns at most 20 problems; none: the document is valid.
/// Throws Invalid{field "schema"} for a schema that is none, or that uses what cannot be enforced here ($dynamicRef,
/// $recursiveRef, unevaluatedProperties, unevaluatedItems, references elsewhere): refused rather than ignored. Throws
/// Error{tooLarge} for a schema that needs more than a million steps. Pure but for `matches`.
std::vector<SchemaProblem> checkAgainstSchema(const json::value& schema, const json::value& document,
                                              const PatternSearch& matches);

/// Looks at every part of a schema before it is needed. Throws what checkAgainstSchema would.
void checkSchemaItself(const json::value& schema, const PatternSearch& matches);

/// Equal as JSON Schema has it: 1 and 1.0 are the same number, the order of members does not matter.
bool sameJson(const json::value& a, const json::value& b);

}  // namespace regesta

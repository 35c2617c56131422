#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace regesta::delivery {

/// One difference of two JSON Schemas, in words that begin with where it is: "'tone': the value 'formal' is gone".
struct SchemaChange {
  enum class Effect {
    widened,   ///< allows everything it did, and more
    narrowed,  ///< allows less, or something else
    words      ///< titles, descriptions, examples, and the value of a default
  } effect = Effect::words;
  std::string what;
};

/// Compares types, enum and const, required members, additionalProperties, bounds and lengths, items, and these in
/// nested members. Anything else that differs counts as narrowed. `where` names the whole: "response_format".
std::vector<SchemaChange> schemaChanges(const json::value& before, const json::value& after, std::string_view where);

/// The type or types in words: "text", "integer or null", "anything".
std::string typeInWords(const json::value& schema);

}  // namespace regesta::delivery

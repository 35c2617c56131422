#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace regesta::prompt {

/// One difference of two JSON Schemas, as a sentence that starts with its position: "'tone': the value 'formal' is
/// gone".
struct SchemaChange {
  enum class Effect {
    widened,   ///< allows everything that it did, and more
    narrowed,  ///< allows less, or something else
    words      ///< titles, descriptions, examples, and the value of a default
  } effect = Effect::words;
  enum class Kind {
    type,
    valuesLimited,    ///< an enum where any value was allowed
    valuesUnlimited,  ///< the other way round
    valueRemoved,
    valueAdded,
    memberRequired,
    memberOptional,
    memberRemoved,
    memberAdded,
    closed,  ///< other members are refused
    opened,
    bound,
    keyword,  ///< one that the comparison does not look into
  } kind = Kind::keyword;
  std::string what;
};

/// Compares types, enum and const, required members, additionalProperties, bounds and lengths, items, and these in
/// nested members. Any other difference counts as narrowed. `where` names the schema: "response_format".
std::vector<SchemaChange> schemaChanges(const json::value& before, const json::value& after, std::string_view where);

/// Description of the types: "text", "integer or null", "anything".
std::string typeInWords(const json::value& schema);

}  // namespace regesta::prompt

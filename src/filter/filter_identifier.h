#pragma once
#include <string>
#include <string_view>

#include "filter/filter.h"

// Internal to the filter room: "metrics.`a b`" in filters and order_by items.
namespace regesta::filter {

struct Identifier {
  Field field = Field::attribute;
  std::string key;                       ///< attributes: the canonical name
  const Attribute* attribute = nullptr;  ///< attributes only
};

/// Throws QueryError for an unknown entity, attribute or dataset key.
Identifier parseIdentifier(std::string_view raw, const Grammar& grammar);
/// "attribute", "metric", "parameter", …
std::string_view fieldName(Field field);
/// Throws for a part before the dot that is not one of `valid`.
[[noreturn]] void refuseEntity(std::string_view entity, std::string_view noun, std::vector<std::string> valid);
const Attribute* findAttribute(std::string_view written, const Grammar& grammar);

}  // namespace regesta::filter

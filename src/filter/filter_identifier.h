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

/// Throws Error{invalid} for an unknown entity, attribute or dataset key.
Identifier parseIdentifier(std::string_view raw, const Grammar& grammar);
const Attribute* findAttribute(std::string_view written, const Grammar& grammar);

}  // namespace regesta::filter

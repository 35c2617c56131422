#pragma once
#include <string>
#include <string_view>

#include "registry/filter.h"

// Inside the registry room only: "metrics.`a b`" as filters and order_by items write it.
namespace regesta::registry {

struct Identifier {
  Field field = Field::attribute;
  std::string key;                       ///< attributes: the canonical name
  const Attribute* attribute = nullptr;  ///< attributes only
};

/// Throws Error{invalid} for an unknown entity, attribute or dataset key.
Identifier parseIdentifier(std::string_view raw, const Grammar& grammar);
const Attribute* findAttribute(std::string_view written, const Grammar& grammar);

}  // namespace regesta::registry

#pragma once
#include <map>
#include <string>
#include <string_view>

#include "base/json.h"

namespace regesta::gateway {

inline json::object packTexts(const std::map<std::string, std::string>& texts) {
  json::object packed;
  for (const auto& [name, text] : texts) packed.emplace(name, text);
  return packed;
}

/// Of a member that packTexts() made; empty if there is none.
inline std::map<std::string, std::string> unpackTexts(const json::object& object, std::string_view member) {
  std::map<std::string, std::string> texts;
  const json::value* packed = object.if_contains(member);
  if (!packed || !packed->is_object()) return texts;
  for (const auto& [name, text] : packed->get_object()) texts.emplace(name, std::string_view(text.as_string()));
  return texts;
}

}  // namespace regesta::gateway

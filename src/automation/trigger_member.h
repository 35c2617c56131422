#pragma once
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/json.h"

/// Members of a rule, as clients write them. `field` is the name in errors.
namespace regesta::automation {

/// Throws Invalid for a member that is not one of these. `field` empty: of the rule itself.
void requireKnownMembers(const json::object& object, std::string_view field,
                         std::initializer_list<std::string_view> known);
/// Empty if it is missing or null. Throws Invalid for what is not text.
std::string memberTextOf(const json::object& from, std::string_view name, std::string_view field);
/// `fallback` if it is missing or null. Throws Invalid for what is not a number from 1 to `most`.
std::int64_t memberCountOf(const json::object& from, std::string_view name, std::string_view field,
                           std::int64_t fallback, std::int64_t most);

}  // namespace regesta::automation

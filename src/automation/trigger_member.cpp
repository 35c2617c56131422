#include "automation/trigger_member.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace regesta::automation {

void requireKnownMembers(const json::object& object, std::string_view field,
                         std::initializer_list<std::string_view> known) {
  for (const auto& member : object) {
    if (std::ranges::find(known, std::string_view(member.key())) != known.end()) continue;
    auto near = nearest(member.key(), {known.begin(), known.end()});
    throw Invalid(fmt::format("{}{}{}", field, field.empty() ? "" : ".", std::string_view(member.key())),
                  near ? fmt::format("is not a known field; did you mean {}?", *near) : "is not a known field");
  }
}

std::string memberTextOf(const json::object& from, std::string_view name, std::string_view field) {
  const json::value* found = from.if_contains(name);
  if (!found || found->is_null()) return {};
  if (!found->is_string()) throw Invalid(std::string(field), "must be text");
  return std::string(found->get_string());
}

std::int64_t memberCountOf(const json::object& from, std::string_view name, std::string_view field,
                           std::int64_t fallback, std::int64_t most) {
  const json::value* found = from.if_contains(name);
  if (!found || found->is_null()) return fallback;
  std::int64_t number = found->is_int64() ? found->get_int64() : 0;
  if (number < 1 || number > most)
    throw Invalid(std::string(field), fmt::format("must be a number from 1 to {}", most));
  return number;
}

}  // namespace regesta::automation

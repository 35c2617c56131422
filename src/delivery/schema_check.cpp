#include "delivery/schema_check.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "delivery/schema_change.h"

namespace regesta::delivery {
namespace {

using Fault = std::optional<std::string>;

bool isWhole(const json::value& value) {
  if (value.is_int64() || value.is_uint64()) return true;
  return value.is_double() && std::floor(value.get_double()) == value.get_double();
}

bool hasType(const json::value& value, std::string_view type) {
  if (type == "string") return value.is_string();
  if (type == "integer") return isWhole(value);
  if (type == "number") return value.is_number();
  if (type == "boolean") return value.is_bool();
  if (type == "null") return value.is_null();
  if (type == "array") return value.is_array();
  if (type == "object") return value.is_object();
  return true;
}

Fault typeFault(const json::value& value, const json::object& schema, std::string_view where) {
  const json::value* type = schema.if_contains("type");
  bool fits = true;
  if (type && type->is_string()) fits = hasType(value, std::string_view(type->get_string()));
  if (type && type->is_array())
    fits = std::ranges::any_of(type->get_array(), [&](const json::value& one) {
      return one.is_string() && hasType(value, std::string_view(one.get_string()));
    });
  if (fits) return std::nullopt;
  return fmt::format("{} must be {}, got {}", where, typeInWords(schema), shorten(writeJson(value), 60));
}

Fault valueFault(const json::value& value, const json::object& schema, std::string_view where) {
  if (const json::value* only = schema.if_contains("const"); only && *only != value)
    return fmt::format("{} must be {}", where, shorten(writeJson(*only), 100));
  const json::value* list = schema.if_contains("enum");
  if (!list || !list->is_array()) return std::nullopt;
  if (std::ranges::find(list->get_array(), value) != list->get_array().end()) return std::nullopt;
  return fmt::format("{} must be one of {}", where, shorten(writeJson(*list), 200));
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](unsigned char c) { return (c & 0xC0) != 0x80; }));
}

Fault boundsFault(const json::value& value, const json::object& schema, std::string_view where) {
  struct Bound {
    std::string_view name;
    double actual;
    bool applies, least, strict;
  };
  bool number = value.is_number(), text = value.is_string(), list = value.is_array();
  double size = number ? value.to_number<double>()
                : text ? static_cast<double>(characters(std::string_view(value.get_string())))
                : list ? static_cast<double>(value.get_array().size())
                       : 0;
  for (const Bound& bound : {Bound{"minimum", size, number, true, false},
                             {"maximum", size, number, false, false},
                             {"exclusiveMinimum", size, number, true, true},
                             {"exclusiveMaximum", size, number, false, true},
                             {"minLength", size, text, true, false},
                             {"maxLength", size, text, false, false},
                             {"minItems", size, list, true, false},
                             {"maxItems", size, list, false, false}}) {
    const json::value* limit = schema.if_contains(bound.name);
    if (!bound.applies || !limit || !limit->is_number()) continue;
    double at = limit->to_number<double>();
    bool fits = bound.least ? (bound.strict ? size > at : size >= at) : (bound.strict ? size < at : size <= at);
    if (!fits) return fmt::format("{} breaks {} {}", where, bound.name, writeJson(*limit));
  }
  return std::nullopt;
}

Fault check(const json::value& value, const json::value& schema, const std::string& where, std::size_t depth);

Fault membersFault(const json::object& value, const json::object& schema, const std::string& where, std::size_t depth) {
  if (const json::value* required = schema.if_contains("required"); required && required->is_array())
    for (const json::value& name : required->get_array())
      if (name.is_string() && !value.contains(std::string_view(name.get_string())))
        return fmt::format("{} lacks '{}'", where, std::string_view(name.get_string()));
  const json::value* properties = schema.if_contains("properties");
  const json::value* others = schema.if_contains("additionalProperties");
  for (const auto& [name, member] : value) {
    const json::value* known =
        properties && properties->is_object() ? properties->get_object().if_contains(name) : nullptr;
    if (!known && others && others->is_bool() && !others->get_bool())
      return fmt::format("{} must not have '{}'", where, shorten(std::string_view(name), 80));
    const json::value* rule = known ? known : others;
    if (!rule) continue;
    if (Fault fault = check(member, *rule, fmt::format("{}.{}", where, std::string_view(name)), depth + 1))
      return fault;
  }
  return std::nullopt;
}

Fault check(const json::value& value, const json::value& schema, const std::string& where, std::size_t depth) {
  if (!schema.is_object() || depth > limits::jsonDepth) return std::nullopt;
  const json::object& rules = schema.get_object();
  if (Fault fault = typeFault(value, rules, where)) return fault;
  if (Fault fault = valueFault(value, rules, where)) return fault;
  if (Fault fault = boundsFault(value, rules, where)) return fault;
  if (value.is_object()) return membersFault(value.get_object(), rules, where, depth);
  const json::value* items = rules.if_contains("items");
  if (!value.is_array() || !items) return std::nullopt;
  std::size_t index = 0;
  for (const json::value& item : value.get_array())
    if (Fault fault = check(item, *items, fmt::format("{}[{}]", where, index++), depth + 1)) return fault;
  return std::nullopt;
}

}  // namespace

std::optional<std::string> schemaFault(const json::value& value, const json::value& schema, std::string_view where) {
  return check(value, schema, std::string(where), 0);
}

}  // namespace regesta::delivery

#include "prompt/schema_change.h"

#include <algorithm>
#include <limits>
#include <set>
#include <unordered_set>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"

namespace regesta::prompt {
namespace {

using Effect = SchemaChange::Effect;
using Kind = SchemaChange::Kind;
using Names = std::set<std::string>;

const json::object& objectOf(const json::value& value) {
  static const json::object empty;
  return value.is_object() ? value.get_object() : empty;
}
const json::value& memberOf(const json::object& object, std::string_view name) {
  static const json::value absent;
  const json::value* value = object.if_contains(name);
  return value ? *value : absent;
}

Names namesIn(const json::value& list) {
  Names names;
  if (list.is_string()) names.emplace(list.get_string());
  if (list.is_array())
    for (const json::value& name : list.get_array())
      if (name.is_string()) names.emplace(name.get_string());
  return names;
}

/// Empty: any type.
Names typesOf(const json::object& schema) { return namesIn(memberOf(schema, "type")); }

bool allows(const Names& types, const std::string& type) {
  return types.empty() || types.contains(type) || (type == "integer" && types.contains("number"));
}

std::string inWords(const json::value& value) { return shorten(writeJson(value), 60); }

class Comparison {
 public:
  std::vector<SchemaChange> changes;

  void compare(const json::value& before, const json::value& after, const std::string& where, std::size_t depth) {
    if (before == after || depth > limits::jsonDepth) return;
    const json::object &old = objectOf(before), &now = objectOf(after);
    types(old, now, where);
    values(old, now, where);
    required(old, now, where);
    properties(old, now, where, depth);
    additional(old, now, where);
    bounds(old, now, where);
    if (memberOf(old, "items").is_object() || memberOf(now, "items").is_object())
      compare(memberOf(old, "items"), memberOf(now, "items"), where + "[]", depth + 1);
    rest(old, now, where);
  }

 private:
  void add(Effect effect, Kind kind, std::string what) {
    if (changes.size() < limits::problems) changes.push_back({effect, kind, std::move(what)});
  }

  void types(const json::object& old, const json::object& now, const std::string& where) {
    Names before = typesOf(old), after = typesOf(now);
    if (before == after) return;
    bool keeps =
        after.empty() ||
        (!before.empty() && std::ranges::all_of(before, [&](const std::string& type) { return allows(after, type); }));
    add(keeps ? Effect::widened : Effect::narrowed, Kind::type,
        fmt::format("{} was {} and is {}", where, typeInWords(old), typeInWords(now)));
  }

  void values(const json::object& old, const json::object& now, const std::string& where) {
    auto listOf = [](const json::object& schema) -> std::optional<json::array> {
      if (const json::value* single = schema.if_contains("const")) return json::array{*single};
      const json::value& list = memberOf(schema, "enum");
      return list.is_array() ? std::optional(list.get_array()) : std::nullopt;
    };
    std::optional<json::array> before = listOf(old), after = listOf(now);
    if (!before && !after) return;
    if (!before)
      return add(Effect::narrowed, Kind::valuesLimited, fmt::format("{} takes only {} now", where, inWords(*after)));
    if (!after)
      return add(Effect::widened, Kind::valuesUnlimited,
                 fmt::format("{} takes more than {} now", where, inWords(*before)));
    auto texts = [](const json::array& list) {
      std::unordered_set<std::string> all;
      for (const json::value& value : list) all.insert(canonicalJson(value));
      return all;
    };
    std::unordered_set<std::string> hadValues = texts(*before), hasValues = texts(*after);
    for (const json::value& value : *before)
      if (!hasValues.contains(canonicalJson(value)))
        add(Effect::narrowed, Kind::valueRemoved, fmt::format("{}: the value {} is gone", where, inWords(value)));
    for (const json::value& value : *after)
      if (!hadValues.contains(canonicalJson(value)))
        add(Effect::widened, Kind::valueAdded, fmt::format("{}: the value {} is new", where, inWords(value)));
  }

  void required(const json::object& old, const json::object& now, const std::string& where) {
    Names before = namesIn(memberOf(old, "required")), after = namesIn(memberOf(now, "required"));
    for (const std::string& name : after)
      if (!before.contains(name))
        add(Effect::narrowed, Kind::memberRequired, fmt::format("{}.{} is newly required", where, name));
    for (const std::string& name : before)
      if (!after.contains(name))
        add(Effect::widened, Kind::memberOptional, fmt::format("{}.{} is no longer required", where, name));
  }

  void properties(const json::object& old, const json::object& now, const std::string& where, std::size_t depth) {
    const json::object &before = objectOf(memberOf(old, "properties")), &after = objectOf(memberOf(now, "properties"));
    for (const auto& [name, schema] : before) {
      const json::value* still = after.if_contains(name);
      std::string inner = fmt::format("{}.{}", where, std::string_view(name));
      if (still)
        compare(schema, *still, inner, depth + 1);
      else
        add(Effect::narrowed, Kind::memberRemoved, fmt::format("{} is gone", inner));
    }
    for (const auto& [name, schema] : after)
      if (!before.contains(name))
        add(Effect::widened, Kind::memberAdded, fmt::format("{}.{} is new", where, std::string_view(name)));
  }

  void additional(const json::object& old, const json::object& now, const std::string& where) {
    const json::value &before = memberOf(old, "additionalProperties"), &after = memberOf(now, "additionalProperties");
    auto isClosed = [](const json::value& value) { return value.is_bool() && !value.get_bool(); };
    if (isClosed(before) == isClosed(after)) return;
    add(isClosed(after) ? Effect::narrowed : Effect::widened, isClosed(after) ? Kind::closed : Kind::opened,
        fmt::format("{} takes {} other members now", where, isClosed(after) ? "no" : "any"));
  }

  void bounds(const json::object& old, const json::object& now, const std::string& where) {
    for (std::string_view least : {"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"})
      bound(old, now, least, where, true);
    for (std::string_view most : {"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"})
      bound(old, now, most, where, false);
  }
  void bound(const json::object& old, const json::object& now, std::string_view name, const std::string& where,
             bool least) {
    const json::value &before = memberOf(old, name), &after = memberOf(now, name);
    if (before == after) return;
    double open = least ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
    double from = before.is_number() ? before.to_number<double>() : open;
    double to = after.is_number() ? after.to_number<double>() : open;
    bool tighter = least ? to > from : to < from;
    add(tighter ? Effect::narrowed : Effect::widened, Kind::bound,
        fmt::format("{}: {} was {} and is {}", where, name, before.is_null() ? "not set" : inWords(before),
                    after.is_null() ? "not set" : inWords(after)));
  }

  /// Keywords that this comparison does not understand.
  void rest(const json::object& old, const json::object& now, const std::string& where) {
    static const Names known = {
        "type",      "enum",      "const",         "required",      "properties",      "additionalProperties",
        "items",     "minimum",   "maximum",       "minItems",      "maxItems",        "exclusiveMinimum",
        "maxLength", "minLength", "minProperties", "maxProperties", "exclusiveMaximum"};
    static const Names words = {"title", "description", "default", "examples", "example", "$schema", "$id", "$comment"};
    Names names;
    for (const json::object* schema : {&old, &now})
      for (const auto& [name, value] : *schema) names.emplace(std::string_view(name));
    for (const std::string& name : names) {
      if (known.contains(name) || memberOf(old, name) == memberOf(now, name)) continue;
      add(words.contains(name) ? Effect::words : Effect::narrowed, Kind::keyword,
          fmt::format("{}: {} changed", where, name));
    }
  }
};

}  // namespace

std::vector<SchemaChange> schemaChanges(const json::value& before, const json::value& after, std::string_view where) {
  Comparison comparison;
  comparison.compare(before, after, std::string(where), 0);
  return std::move(comparison.changes);
}

std::string typeInWords(const json::value& schema) {
  std::string text;
  for (const std::string& type : typesOf(objectOf(schema)))
    text += (text.empty() ? "" : " or ") + (type == "string" ? "text" : type);
  return text.empty() ? "anything" : text;
}

}  // namespace regesta::prompt

#include "prompt/file/picoschema.h"

#include <algorithm>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

namespace regesta::prompt::file {
namespace {

constexpr std::string_view types[] = {"string", "number", "integer", "boolean", "null", "any"};

void describe(json::object& schema, std::string_view description) {
  if (!description.empty()) schema["description"] = description;
}

/// "string, what it is"
json::object typed(std::string_view text, std::string_view member) {
  std::size_t comma = text.find(',');
  std::string_view type = trim(text.substr(0, comma));
  if (std::ranges::find(types, type) == std::end(types))
    throw Invalid(std::string(member), fmt::format("has the type '{}'; known are string, number, integer, boolean, "
                                                   "null and any",
                                                   shorten(type, 40)));
  json::object schema;
  if (type != "any") schema["type"] = type;
  if (comma != std::string_view::npos) describe(schema, trim(text.substr(comma + 1)));
  return schema;
}

json::object objectOf(const json::object& members);

json::value schemaOf(const json::value& value, std::string_view member) {
  if (value.is_string()) return typed(std::string_view(value.get_string()), member);
  if (value.is_null()) return json::object();
  if (value.is_object()) return objectOf(value.get_object());
  throw Invalid(std::string(member), "must be a type or members");
}

/// "name?(array, what it is)" taken apart.
struct Key {
  std::string name, kind, description;
  bool optional = false;
};

Key keyOf(std::string_view text) {
  Key key;
  std::size_t bracket = text.find('(');
  if (bracket != std::string_view::npos && text.ends_with(')')) {
    std::string_view inside = text.substr(bracket + 1, text.size() - bracket - 2);
    std::size_t comma = inside.find(',');
    key.kind = trim(inside.substr(0, comma));
    if (comma != std::string_view::npos) key.description = trim(inside.substr(comma + 1));
    text = text.substr(0, bracket);
  }
  key.optional = text.ends_with('?');
  if (key.optional) text.remove_suffix(1);
  key.name = trim(text);
  return key;
}

json::value memberOf(const Key& key, const json::value& value) {
  json::object schema;
  if (key.kind == "array") {
    schema["type"] = "array";
    schema["items"] = schemaOf(value, key.name);
  } else if (key.kind == "object") {
    if (!value.is_object()) throw Invalid(key.name, "must have members");
    schema = objectOf(value.get_object());
  } else if (key.kind == "enum") {
    if (!value.is_array()) throw Invalid(key.name, "must be a list of the allowed values");
    schema["enum"] = value;
  } else if (key.kind.empty() || key.kind == "*") {
    return schemaOf(value, key.name);
  } else {
    throw Invalid(key.name,
                  fmt::format("is marked '({})'; known are array, object, enum and *", shorten(key.kind, 40)));
  }
  describe(schema, key.description);
  return schema;
}

json::object objectOf(const json::object& members) {
  json::object schema{{"type", "object"}}, properties;
  json::array required;
  json::value wildcard = false;
  for (const auto& [text, value] : members) {
    Key key = keyOf(text);
    if (key.name.empty() && key.kind == "*") {
      wildcard = memberOf(key, value);
      continue;
    }
    if (key.name.empty()) throw Invalid(std::string(text), "needs a name");
    properties[key.name] = memberOf(key, value);
    if (!key.optional) required.emplace_back(key.name);
  }
  schema["properties"] = std::move(properties);
  if (!required.empty()) schema["required"] = std::move(required);
  schema["additionalProperties"] = std::move(wildcard);
  return schema;
}

bool isJsonSchema(const json::object& schema) {
  const json::value* type = schema.if_contains("type");
  if (type && type->is_string() && (*type == "object" || *type == "array" || schema.contains("properties")))
    return *type == "object" || *type == "array";
  return schema.contains("$ref") || (schema.contains("properties") && schema.at("properties").is_object());
}

// The way back.

bool onlyHas(const json::object& schema, std::initializer_list<std::string_view> members) {
  return std::ranges::all_of(schema, [&](const auto& member) {
    return std::ranges::find(members, std::string_view(member.key())) != members.end();
  });
}

bool isShort(std::string_view description) { return trim(description) == description; }

std::optional<json::value> shortForm(const json::object& schema) {
  if (memberText(schema, "type") == "object") {
    std::optional<json::object> members = toPicoschema(schema);
    return members ? std::optional<json::value>(*std::move(members)) : std::nullopt;
  }
  if (!onlyHas(schema, {"type", "description"})) return std::nullopt;
  std::string type = schema.contains("type") ? memberText(schema, "type") : "any";
  if (std::ranges::find(types, type) == std::end(types)) return std::nullopt;
  std::string description = memberText(schema, "description");
  if (schema.contains("description") && (description.empty() || !isShort(description))) return std::nullopt;
  return json::value(description.empty() ? type : type + ", " + description);
}

/// Adds the member under its marked key; false when it cannot be said.
bool addMember(json::object& out, const std::string& key, const json::object& schema) {
  std::string description = memberText(schema, "description");
  if (!isShort(description) || description.find(')') != std::string::npos) return false;
  std::string mark = description.empty() ? "" : ", " + description;
  if (schema.contains("enum")) {
    if (!onlyHas(schema, {"enum", "description"})) return false;
    out[key + "(enum" + mark + ")"] = schema.at("enum");
    return true;
  }
  if (memberText(schema, "type") == "array") {
    if (!onlyHas(schema, {"type", "items", "description"}) || !schema.contains("items")) return false;
    const json::value& items = schema.at("items");
    std::optional<json::value> inner = items.is_object() ? shortForm(items.get_object()) : std::nullopt;
    if (!inner) return false;
    out[key + "(array" + mark + ")"] = *std::move(inner);
    return true;
  }
  if (memberText(schema, "type") == "object") {
    json::object bare = schema;
    bare.erase("description");
    std::optional<json::object> inner = toPicoschema(bare);
    if (!inner) return false;
    out[key + "(object" + mark + ")"] = *std::move(inner);
    return true;
  }
  std::optional<json::value> inner = shortForm(schema);
  if (!inner) return false;
  out[key] = *std::move(inner);
  return true;
}

}  // namespace

json::value fromPicoschema(const json::value& schema) {
  if (schema.is_object() && isJsonSchema(schema.get_object())) return schema;
  return schemaOf(schema, "schema");
}

std::optional<json::object> toPicoschema(const json::object& schema) {
  if (!onlyHas(schema, {"type", "properties", "required", "additionalProperties"})) return std::nullopt;
  const json::value* properties = schema.if_contains("properties");
  if (memberText(schema, "type") != "object" || !properties || !properties->is_object()) return std::nullopt;
  std::vector<std::string> required;
  if (const json::value* names = schema.if_contains("required"); names && names->is_array())
    for (const json::value& name : names->get_array())
      if (name.is_string()) required.emplace_back(name.get_string());
  json::object out;
  for (const auto& [name, member] : properties->get_object()) {
    bool needed = std::erase(required, std::string(name)) > 0;
    Key read = keyOf(name);
    if (!member.is_object() || read.name != name || read.optional || !read.kind.empty()) return std::nullopt;
    if (!addMember(out, std::string(name) + (needed ? "" : "?"), member.get_object())) return std::nullopt;
  }
  if (!required.empty()) return std::nullopt;
  const json::value* more = schema.if_contains("additionalProperties");
  if (!more || (more->is_bool() && more->get_bool())) return std::nullopt;  // Picoschema allows no others
  if (more->is_object()) {
    std::optional<json::value> wildcard = shortForm(more->get_object());
    if (!wildcard) return std::nullopt;
    out["(*)"] = *std::move(wildcard);
  }
  return out;
}

}  // namespace regesta::prompt::file

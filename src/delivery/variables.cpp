#include "delivery/variables.h"

#include <algorithm>

#include "delivery/template/scan.h"

namespace regesta::delivery {
namespace {

bool isRequired(const json::object& schema, std::string_view name) {
  const json::value* required = schema.if_contains("required");
  if (!required || !required->is_array()) return false;
  return std::ranges::any_of(required->get_array(), [&](const json::value& one) { return one == json::value(name); });
}

Variable declared(const json::object& schema, std::string_view name, const json::value& property) {
  Variable variable{.name = std::string(name), .declared = true, .schema = property};
  if (property.is_object())
    if (const json::value* fallback = property.get_object().if_contains("default")) variable.fallback = *fallback;
  variable.required = isRequired(schema, name) && variable.fallback.is_null();
  return variable;
}

}  // namespace

std::vector<Variable> variablesOf(const Prompt& prompt) {
  std::vector<Variable> variables;
  const json::value* properties = prompt.inputSchema.if_contains("properties");
  if (properties && properties->is_object())
    for (const auto& [name, property] : properties->get_object())
      variables.push_back(declared(prompt.inputSchema, name, property));
  for (const TemplateVariable& use : templateVariables(prompt)) {
    auto known = std::ranges::find(variables, use.name, &Variable::name);
    if (known != variables.end()) {
      known->used = true;
      continue;
    }
    bool anything = use.conditional || use.section;
    variables.push_back({.name = use.name,
                         .used = true,
                         .required = !use.conditional,
                         .schema = anything ? json::object() : json::object{{"type", "string"}}});
  }
  return variables;
}

std::vector<std::string> placeholdersOf(const Prompt& prompt) {
  std::vector<std::string> names;
  for (const Message& message : prompt.messages)
    if (!message.placeholder.empty()) names.push_back(message.placeholder);
  return names;
}

}  // namespace regesta::delivery

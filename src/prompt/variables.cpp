#include "prompt/variables.h"

#include <unordered_map>
#include <unordered_set>

#include "prompt/template/scan.h"

namespace regesta::prompt {
namespace {

using Names = std::unordered_set<std::string_view>;

Names requiredNames(const json::object& schema) {
  Names names;
  const json::value* required = schema.if_contains("required");
  if (!required || !required->is_array()) return names;
  for (const json::value& one : required->get_array())
    if (one.is_string()) names.insert(one.get_string());
  return names;
}

Variable declared(const Names& required, std::string_view name, const json::value& property) {
  Variable variable{.name = std::string(name), .declared = true, .schema = property};
  if (property.is_object())
    if (const json::value* fallback = property.get_object().if_contains("default")) variable.fallback = *fallback;
  variable.required = required.contains(name) && variable.fallback.is_null();
  return variable;
}

}  // namespace

std::vector<Variable> variablesOf(const Prompt& prompt) {
  std::vector<Variable> variables;
  Names required = requiredNames(prompt.inputSchema);
  std::unordered_map<std::string, std::size_t> places;
  const json::value* properties = prompt.inputSchema.if_contains("properties");
  if (properties && properties->is_object())
    for (const auto& [name, property] : properties->get_object()) {
      requireVariables(variables.size() + 1);
      places.emplace(name, variables.size());
      variables.push_back(declared(required, name, property));
    }
  for (const TemplateVariable& use : templateVariables(prompt)) {
    auto [known, isNew] = places.try_emplace(use.name, variables.size());
    if (!isNew) {
      variables[known->second].used = true;
      continue;
    }
    requireVariables(variables.size() + 1);
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

}  // namespace regesta::prompt

#include "prompt/tool_change.h"

#include <map>

#include "prompt/schema_change.h"

namespace regesta::prompt {
namespace {

const json::object* functionOf(const json::value& tool) {
  if (!tool.is_object()) return nullptr;
  const json::value* function = tool.get_object().if_contains("function");
  return function && function->is_object() ? &function->get_object() : &tool.get_object();
}

json::value parametersOf(const json::value& tool) {
  const json::object* function = functionOf(tool);
  if (!function) return {};
  for (std::string_view member : {"parameters", "input_schema", "inputSchema"})
    if (const json::value* value = function->if_contains(member)) return *value;
  return {};
}

std::map<std::string, json::value> byName(const json::array& tools) {
  std::map<std::string, json::value> named;
  for (const json::value& tool : tools) {
    std::string name = toolName(tool);
    named.emplace(name.empty() ? writeJson(tool) : name, tool);
  }
  return named;
}

}  // namespace

std::string toolName(const json::value& tool) {
  if (tool.is_string()) return std::string(tool.get_string());
  const json::object* function = functionOf(tool);
  const json::value* name = function ? function->if_contains("name") : nullptr;
  return name && name->is_string() ? std::string(name->get_string()) : "";
}

std::vector<BumpReason> toolChanges(const json::array& before, const json::array& after) {
  std::vector<BumpReason> reasons;
  if (before == after) return reasons;
  auto old = byName(before), now = byName(after);
  for (const auto& [name, tool] : old) {
    auto same = now.find(name);
    if (same == now.end()) {
      reasons.push_back({Bump::major, fmt::format("the tool '{}' was removed", name)});
      continue;
    }
    if (tool == same->second) continue;
    bool named = false;
    for (const SchemaChange& change :
         schemaChanges(parametersOf(tool), parametersOf(same->second), fmt::format("the tool '{}'", name))) {
      bool fits = change.effect == SchemaChange::Effect::words || change.kind == SchemaChange::Kind::memberAdded ||
                  change.kind == SchemaChange::Kind::valueAdded;
      reasons.push_back({fits ? Bump::minor : Bump::major, change.what});
      named = true;
    }
    if (!named) reasons.push_back({Bump::minor, fmt::format("the tool '{}' has a different description", name)});
  }
  for (const auto& [name, tool] : now)
    if (!old.contains(name)) reasons.push_back({Bump::minor, fmt::format("the tool '{}' is new", name)});
  if (reasons.empty()) reasons.push_back({Bump::patch, "the order of the tools changed"});
  return reasons;
}

}  // namespace regesta::prompt

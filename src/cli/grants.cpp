#include "cli/grants.h"

#include "base/roles.h"
#include "base/text.h"
#include "cli/table.h"

namespace regesta::cli {

Option grantOption() {
  return {"grant",
          "ROLE[:WORKSPACE[:PATTERN]]",
          "reader, contributor, approver, admin, auditor, runner, or a custom approval role (risk, legal)",
          'g',
          false,
          true};
}

json::array grantsOf(const Arguments& arguments) {
  json::array grants;
  for (const std::string& text : arguments.all("grant")) {
    auto parts = split(text, ':');
    if (parts.size() > 3 || parts[0].empty())
      throw UsageError(fmt::format("a grant is written ROLE[:WORKSPACE[:PATTERN]], not \"{}\"", text));
    json::object grant = {{"role", parts[0]}};
    if (parts.size() > 1 && !parts[1].empty()) grant["workspace"] = parts[1];
    if (parts.size() > 2 && !parts[2].empty()) grant["name_pattern"] = parts[2];
    grants.push_back(std::move(grant));
  }
  return grants;
}

std::string ownRoles(const json::array& grants) {
  std::set<std::string> own;
  for (const json::value& grant : grants)
    if (std::string role = member(grant.as_object(), "role"); !isBuiltInRole(role)) own.insert(std::move(role));
  std::string text;
  for (const std::string& role : own) text += fmt::format("\n{} is a custom approval role", role);
  return text;
}

std::string grantsText(const json::object& holder) {
  const json::value* grants = holder.if_contains("grants");
  std::string text;
  if (!grants || !grants->is_array()) return text;
  for (const json::value& value : grants->get_array()) {
    const json::object& grant = value.as_object();
    std::string workspace = member(grant, "workspace"), pattern = member(grant, "name_pattern");
    bool everywhere = (workspace.empty() || workspace == "*") && (pattern.empty() || pattern == "*");
    text += (text.empty() ? "" : ", ") + member(grant, "role");
    if (!everywhere)
      text += fmt::format(" on {}/{}", workspace.empty() ? "*" : workspace, pattern.empty() ? "*" : pattern);
  }
  return text;
}

}  // namespace regesta::cli

#include <algorithm>

#include "access/access.h"
#include "access/grants.h"
#include "base/error.h"
#include "base/name_pattern.h"

namespace regesta::access {

bool isApprovalRole(std::string_view role) {
  return role != "reader" && role != "contributor" && role != "auditor" && role != "runner";
}

namespace {

bool roleAllows(std::string_view role, Verb verb) {
  if (role == "admin") return true;
  switch (verb) {
    case Verb::read:
      return true;
    case Verb::write:
      return role == "contributor";
    case Verb::approve:
      return isApprovalRole(role);
    case Verb::administer:
      return false;
    case Verb::run:
      return role == "runner";
  }
  return false;
}

bool covers(const Grant& grant, std::string_view workspace, std::string_view name) {
  AssetPattern pattern{.workspace = grant.workspace, .name = grant.namePattern};
  if (name.empty()) return pattern.isIn(workspace);
  if (name == everyName) return pattern.isIn(workspace) && grant.namePattern == everyName;
  return pattern.covers(workspace, "", name);
}

std::string_view neededRole(Verb verb) {
  switch (verb) {
    case Verb::read:
      return "reader";
    case Verb::write:
      return "contributor";
    case Verb::approve:
      return "approver";
    case Verb::administer:
      return "admin";
    case Verb::run:
      return "runner";
  }
  return "admin";
}

}  // namespace

bool Identity::may(Verb verb, std::string_view workspace, std::string_view name) const {
  if (local) return true;
  return std::ranges::any_of(
      grants, [&](const Grant& grant) { return covers(grant, workspace, name) && roleAllows(grant.role, verb); });
}

void Identity::require(Verb verb, std::string_view workspace, std::string_view name) const {
  if (may(verb, workspace, name)) return;
  throw missingRole(*this, neededRole(verb), workspace, name);
}

std::vector<std::string> Identity::rolesOn(std::string_view workspace, std::string_view name) const {
  std::vector<std::string> roles;
  if (local) roles.push_back("admin");
  for (const Grant& grant : grants)
    if (covers(grant, workspace, name)) roles.push_back(grant.role);
  std::ranges::sort(roles);
  roles.erase(std::ranges::unique(roles).begin(), roles.end());
  return roles;
}

}  // namespace regesta::access

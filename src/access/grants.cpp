#include "access/grants.h"

#include <algorithm>

#include "base/error.h"
#include "base/limits.h"
#include "base/name.h"
#include "base/roles.h"
#include "base/text.h"
#include "registry/row_note.h"
#include "registry/workspace.h"

namespace regesta::access {

namespace {

/// Roles count only if the server itself wrote the row.
bool isGenuine(db::Transaction& transaction, std::string_view table, std::int64_t id) {
  return registry::isGenuine(transaction, *registry::findTableClass(table), id);
}

constexpr std::string_view roleLetters = "abcdefghijklmnopqrstuvwxyz0123456789_-";

/// Words for access that other products use, with the role that they mean here.
constexpr std::pair<std::string_view, std::string_view> foreignRoles[] = {
    {"administrator", "admin"}, {"developer", "contributor"}, {"editor", "contributor"},
    {"guest", "reader"},        {"maintainer", "admin"},      {"manager", "admin"},
    {"member", "contributor"},  {"owner", "admin"},           {"read", "reader"},
    {"root", "admin"},          {"superuser", "admin"},       {"user", "contributor"},
    {"viewer", "reader"},       {"write", "contributor"},     {"writer", "contributor"}};

void refuseForeign(const std::string& role, const std::string& field) {
  for (const auto& [foreign, known] : foreignRoles)
    if (role == foreign)
      throw Invalid(field + ".role", fmt::format("is '{}', which is not a role in Regesta: use {}. Choose a "
                                                 "different name for an approval role",
                                                 role, known));
}

/// Any other word is a custom approval role, so a typo would create an unintended role. Typos keep the first letter;
/// "trader" and "leader" are valid roles.
void refuseForeignRole(const std::string& role, const std::string& field) {
  auto near = nearest(role, {std::begin(builtInRoles), std::end(builtInRoles)});
  if (near && *near != role && near->front() == role.front())
    throw Invalid(field + ".role", fmt::format("is '{}': did you mean {}? Choose a less similar name for a custom "
                                               "approval role",
                                               role, *near));
}

/// One grant as the command line takes it, quoted where a shell would unfold it.
std::string grantOption(const Grant& grant) {
  std::string text = grant.role;
  bool pattern = grant.namePattern != "*";
  if (grant.workspace != "*" || pattern) text += ":" + grant.workspace;
  if (pattern) text += ":" + grant.namePattern;
  bool plain = text.find_first_of("*?[ '\"\\$&;()<>|`~#!{}") == std::string::npos;
  if (!plain) {
    std::string quoted;
    for (char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    text = "'" + quoted + "'";
  }
  return " --grant " + text;
}

}  // namespace

void checkGrant(Grant& grant, const std::string& field) {
  if (grant.workspace.empty()) grant.workspace = "*";
  if (grant.namePattern.empty()) grant.namePattern = "*";
  if (grant.role.empty() || grant.role.size() > 64 || grant.role.find_first_not_of(roleLetters) != std::string::npos)
    throw Invalid(field + ".role", "must be 1 to 64 of a-z, 0-9, '_' and '-'");
  refuseForeign(grant.role, field);
  refuseForeignRole(grant.role, field);
  if (grant.workspace.size() > 63 ||
      (grant.workspace != "*" && grant.workspace.find_first_of("*? /") != std::string::npos))
    throw Invalid(field + ".workspace", "must be the name of a workspace or \"*\"");
  if (grant.namePattern.size() > limits::nameLength || !isUtf8(grant.namePattern))
    throw Invalid(field + ".name_pattern", fmt::format("must be UTF-8 of at most {} bytes", limits::nameLength));
  if (std::string_view fault = nameFault(grant.namePattern); !fault.empty())
    throw Invalid(field + ".name_pattern", std::string(fault));
}

std::vector<Grant> checkGrants(std::vector<Grant> grants) {
  if (grants.size() > 100) throw Invalid("grants", "must have at most 100 items");
  for (std::size_t i = 0; i < grants.size(); ++i) checkGrant(grants[i], fmt::format("grants[{}]", i));
  return grants;
}

void requireWorkspaces(db::Transaction& transaction, const std::vector<Grant>& grants) {
  for (std::size_t i = 0; i < grants.size(); ++i) {
    const std::string& name = grants[i].workspace;
    if (name == "*" || registry::findWorkspace(transaction, name)) continue;
    std::vector<std::string> known;
    for (const registry::Workspace& workspace : registry::listWorkspaces(transaction)) known.push_back(workspace.name);
    auto near = nearest(name, known);
    throw Invalid(fmt::format("grants[{}].workspace", i),
                  fmt::format("is '{}', and there is no such workspace; {}", name,
                              near ? fmt::format("did you mean {}?", *near)
                                   : fmt::format("create it first: regesta workspace create {}", name)));
  }
}

Error missingRole(const Identity& identity, std::string_view role, std::string_view workspace, std::string_view name) {
  std::string where = workspace == "*" ? "all workspaces" : fmt::format("workspace '{}'", workspace);
  if (!name.empty() && name != "*") where = fmt::format("'{}' in {}", name, where);
  std::string lacks = fmt::format("{} has no role '{}' on {}", identity.actor.name, role, where);
  Grant missing{std::string(role), std::string(workspace), "*"};
  // An admin approves, too, but a token can have that role for everything else.
  if (identity.actor.id().kind != registry::ActorKind::user && isApprovalRole(role) && role != "admin")
    return error(Code::denied, "{}; only users can approve; create one: regesta user create NAME{}", lacks,
                 grantOption(missing));
  if (identity.actor.id().kind != registry::ActorKind::user)
    return error(Code::denied, "{}; an admin can make a token that has it: regesta token create NAME{}", lacks,
                 grantOption(missing));
  // Granting replaces the user's grants, so the remediation names all of them.
  std::string all;
  for (const Grant& grant : identity.grants) all += grantOption(grant);
  return error(Code::denied, "{}; an admin can grant it: regesta user grant {}{}{}", lacks, identity.actor.shortName(),
               all, grantOption(missing));
}

json::array grantsToJson(const std::vector<Grant>& grants) {
  json::array list;
  for (const Grant& grant : grants)
    list.push_back(
        json::object{{"role", grant.role}, {"workspace", grant.workspace}, {"name_pattern", grant.namePattern}});
  return list;
}

std::vector<Grant> grantsFromJson(std::string_view text) {
  std::vector<Grant> grants;
  json::value list = parseJson(text);
  if (!list.is_array()) throw Error(Code::corrupt, "a stored list of grants is not a list");
  auto member = [](const json::value& item, std::string_view name) {
    const json::value* found = item.is_object() ? item.as_object().if_contains(name) : nullptr;
    if (!found || !found->is_string()) throw error(Code::corrupt, "a stored grant has no text '{}'", name);
    return std::string(found->as_string());
  };
  for (const json::value& item : list.as_array())
    grants.push_back({member(item, "role"), member(item, "workspace"), member(item, "name_pattern")});
  return grants;
}

bool isActorName(std::string_view name) {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@-";
  return !name.empty() && name.size() <= 100 && name.find_first_not_of(letters) == std::string_view::npos;
}

bool administersAll(const std::vector<Grant>& grants) {
  return std::ranges::any_of(grants, [](const Grant& grant) {
    return grant.role == "admin" && grant.workspace == "*" && grant.namePattern == "*";
  });
}

Identity identityOf(db::Transaction& transaction, std::string_view actorName, std::int64_t nowMillis) {
  Identity identity;
  identity.actor.name = actorName;
  registry::ActorId id = registry::ActorId::read(actorName);
  switch (id.kind) {
    case registry::ActorKind::user: {
      auto rows = transaction.query("SELECT grants, id FROM user_account WHERE name = $1 AND disabled = 0", {id.name});
      if (rows.next() && isGenuine(transaction, "user_account", rows.integer(1)))
        identity.grants = grantsFromJson(rows.view(0));
      break;
    }
    case registry::ActorKind::token: {
      auto rows = transaction.query("SELECT grants, expires_at, id FROM service_token WHERE name = $1 AND revoked = 0",
                                    {id.name});
      if (rows.next() && (rows.integer(1) == 0 || rows.integer(1) > nowMillis) &&
          isGenuine(transaction, "service_token", rows.integer(2)))
        identity.grants = grantsFromJson(rows.view(0));
      break;
    }
    case registry::ActorKind::local: {
      // The local user has all permissions only while no other user exists.
      auto rows =
          transaction.query("SELECT (SELECT COUNT(*) FROM user_account) + (SELECT COUNT(*) FROM service_token)");
      identity.local = rows.next() && rows.integer(0) == 0;
      break;
    }
    case registry::ActorKind::system:
      break;
  }
  return identity;
}

}  // namespace regesta::access

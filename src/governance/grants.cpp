#include "governance/grants.h"

#include <algorithm>

#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"

namespace regesta::governance {

namespace {

constexpr std::string_view roleLetters = "abcdefghijklmnopqrstuvwxyz0123456789_-";

}  // namespace

void checkGrant(Grant& grant, const std::string& field) {
  if (grant.workspace.empty()) grant.workspace = "*";
  if (grant.namePattern.empty()) grant.namePattern = "*";
  if (grant.role.empty() || grant.role.size() > 64 || grant.role.find_first_not_of(roleLetters) != std::string::npos)
    throw Invalid(field + ".role", "must be 1 to 64 of a-z, 0-9, '_' and '-'");
  if (grant.workspace.size() > 63 ||
      (grant.workspace != "*" && grant.workspace.find_first_of("*? /") != std::string::npos))
    throw Invalid(field + ".workspace", "must be the name of a workspace or \"*\"");
  if (grant.namePattern.size() > limits::nameLength || !isUtf8(grant.namePattern))
    throw Invalid(field + ".name_pattern", fmt::format("must be UTF-8 of at most {} bytes", limits::nameLength));
}

std::vector<Grant> checkGrants(std::vector<Grant> grants) {
  if (grants.size() > 100) throw Invalid("grants", "must have at most 100 items");
  for (std::size_t i = 0; i < grants.size(); ++i) checkGrant(grants[i], fmt::format("grants[{}]", i));
  return grants;
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

Identity identityOf(db::Session& session, std::string_view actorName, std::int64_t nowMillis) {
  Identity identity;
  identity.actor.name = actorName;
  if (actorName.starts_with("user:")) {
    auto rows =
        session.query("SELECT grants FROM user_account WHERE name = $1 AND disabled = 0", {actorName.substr(5)});
    if (rows.next()) identity.grants = grantsFromJson(rows.view(0));
  } else if (actorName.starts_with("token:")) {
    auto rows = session.query("SELECT grants, expires_at FROM service_token WHERE name = $1 AND revoked = 0",
                              {actorName.substr(6)});
    if (rows.next() && (rows.integer(1) == 0 || rows.integer(1) > nowMillis))
      identity.grants = grantsFromJson(rows.view(0));
  } else if (actorName.starts_with("local:")) {
    // The local user is everybody's master only while nobody else exists.
    auto rows = session.query("SELECT (SELECT COUNT(*) FROM user_account) + (SELECT COUNT(*) FROM service_token)");
    identity.local = rows.next() && rows.integer(0) == 0;
  }
  return identity;
}

}  // namespace regesta::governance

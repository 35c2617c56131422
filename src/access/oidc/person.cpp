#include "access/oidc/person.h"

#include <algorithm>
#include <set>

#include "access/grants.h"
#include "base/error.h"
#include "base/limits_sign_in.h"
#include "base/text.h"

namespace regesta::access::oidc {
namespace {

constexpr std::string_view emailClaim = "email";
constexpr std::string_view everybody = "*";

std::string verifiedEmail(const json::object& claims) {
  const json::value* verified = claims.if_contains("email_verified");
  return verified && verified->is_bool() && verified->as_bool() ? memberText(claims, emailClaim) : std::string();
}

std::string nameOf(const Options& options, const json::object& claims) {
  std::string name = options.nameClaim == emailClaim ? std::string() : memberText(claims, options.nameClaim);
  return name.empty() ? verifiedEmail(claims) : name;
}

std::set<std::string> groupsOf(const Options& options, const json::object& claims) {
  const json::value* found = claims.if_contains(options.groupsClaim);
  // Entra leaves the list out when it is long, and says where else it can be had (only there, with other rights).
  if (const json::value* elsewhere = claims.if_contains("_claim_names"); !found && elsewhere && elsewhere->is_object())
    if (elsewhere->as_object().contains(options.groupsClaim))
      throw Error(Code::denied,
                  "you are in more groups than the identity provider puts into a token; ask its admin to send only the "
                  "groups that are assigned to this application");
  std::set<std::string> groups;
  if (found && found->is_string()) groups.emplace(found->as_string());
  if (found && found->is_array()) {
    if (found->as_array().size() > limits::providerGroups)
      throw error(Code::denied, "the identity provider sends more than {} groups", limits::providerGroups);
    for (const json::value& group : found->as_array())
      if (group.is_string()) groups.emplace(group.as_string());
  }
  return groups;
}

std::vector<Grant> grantsOf(const Options& options, const json::object& claims) {
  std::set<std::string> groups = groupsOf(options, claims);
  std::vector<Grant> grants;
  for (const GroupGrant& role : options.roles) {
    if (role.group != everybody && !groups.contains(role.group)) continue;
    if (std::ranges::find(grants, role.grant) == grants.end()) grants.push_back(role.grant);
  }
  return checkGrants(std::move(grants));
}

}  // namespace

bool needsUserinfo(const Options& options, const json::object& claims) {
  return nameOf(options, claims).empty() || (!options.roles.empty() && !claims.contains(options.groupsClaim));
}

Person personOf(const Options& options, const json::object& claims) {
  Person person{options.issuer, memberText(claims, "sub"), nameOf(options, claims), std::nullopt, options.createUsers};
  if (person.name.empty())
    throw error(Code::denied,
                "the identity provider does not send your name: neither '{}' nor a verified email address",
                options.nameClaim);
  if (!isActorName(person.name))
    throw error(Code::denied,
                "the identity provider calls you '{}', and names here are 1 to 100 letters, digits, '.', '_', '@' and "
                "'-'; another claim can be chosen with oidc.name-claim",
                isUtf8(person.name) ? shorten(person.name, 100) : "?");
  if (!options.roles.empty()) person.grants = grantsOf(options, claims);
  return person;
}

}  // namespace regesta::access::oidc

#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/access.h"
#include "base/config.h"

/// Signing in through an identity provider: OpenID Connect 1.0, authorization code flow with PKCE, for the browser.
namespace regesta::access::oidc {

/// Grants of a group's members. Group "*": everyone whom the provider authenticates.
struct GroupGrant {
  std::string group;
  Grant grant;
};

/// The settings oidc.… of base/config.h, checked.
struct Options {
  std::string issuer;
  std::string clientId, clientSecret;  ///< no secret: a public client, protected only by PKCE
  std::string scopes = "openid profile email";
  std::string label;  ///< the provider's name on the sign-in page
  std::string nameClaim = "preferred_username", groupsClaim = "groups";
  std::vector<GroupGrant> roles;  ///< empty: admins manage grants
  bool createUsers = false;       ///< create unknown users at sign-in; otherwise an admin must create them first
  std::string caFile;
  bool signsIn = true;  ///< false: only its keys are used, and it may have no addresses for signing in
};

/// Empty if no issuer is set. Throws Invalid that names the setting.
std::optional<Options> readOptions(const Config& config);

/// "GROUP = ROLE[:WORKSPACE[:PATTERN]]", as the command line writes grants; separated by newlines or semicolons. Throws
/// Invalid{"oidc.roles[…]"}.
std::vector<GroupGrant> parseRoles(std::string_view text);

/// Whether the address is https, or http to this machine.
bool isSafeAddress(std::string_view url);

}  // namespace regesta::access::oidc

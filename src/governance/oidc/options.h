#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"
#include "governance/access.h"

/// Signing in through an identity provider: OpenID Connect 1.0, authorization code flow with PKCE, for the browser.
namespace regesta::governance::oidc {

/// What members of a group may do. Group "*" is everybody whom the provider signs in.
struct GroupGrant {
  std::string group;
  Grant grant;
};

/// The settings oidc.… of base/config.h, checked.
struct Options {
  std::string issuer;
  std::string clientId, clientSecret;  ///< no secret: a public client, which PKCE alone protects
  std::string scopes = "openid profile email";
  std::string label;  ///< what the sign-in page calls the provider
  std::string nameClaim = "preferred_username", groupsClaim = "groups";
  std::vector<GroupGrant> roles;  ///< empty: admins give grants by hand
  bool createUsers = false;       ///< whoever the provider signs in becomes a user; otherwise an admin made them before
  std::string caFile;
};

/// Nothing where no issuer is set. Throws Invalid that names the setting.
std::optional<Options> readOptions(const Config& config);

/// "GROUP = ROLE[:WORKSPACE[:PATTERN]]", as the command line writes grants; one a line or between semicolons. Throws
/// Invalid{"oidc.roles[…]"}.
std::vector<GroupGrant> parseRoles(std::string_view text);

/// https, or http to this machine: nothing between here and there can listen.
bool isSafeAddress(std::string_view url);

}  // namespace regesta::governance::oidc

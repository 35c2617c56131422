#pragma once
#include "api/native/common.h"

/// Signing in through an identity provider, for browsers: two addresses that lead there and back. What goes wrong is
/// kept in a cookie for the sign-in page, so that no address carries words that anybody could have written.
namespace regesta::api::native {

inline constexpr std::string_view oidcStartPath = "/api/v1/session/oidc/start";
inline constexpr std::string_view oidcCallbackPath = "/api/v1/session/oidc/callback";
inline constexpr std::string_view oidcSignOutPath = "/api/v1/session/oidc/sign-out";

struct ProviderWay {
  std::string label, start;
  static constexpr Field fields[] = {
      field<&ProviderWay::label>("label"),
      field<&ProviderWay::start>("start", about("leads to the provider; takes \"back\", a path on this server"))};
};
struct SignInWays {
  bool password = true, token = true;
  std::optional<ProviderWay> oidc;
  std::optional<std::string> failure;
  static constexpr Field fields[] = {
      field<&SignInWays::password>("password"), field<&SignInWays::token>("token"), field<&SignInWays::oidc>("oidc"),
      field<&SignInWays::failure>("failure",
                                  about("why this browser's last sign-in at the provider failed; told once"))};
};
struct SignInStart {
  std::string back = "/";
  static constexpr Field fields[] = {
      field<&SignInStart::back>("back", about("the path on this server to go to afterwards"))};
};
/// As the provider sends it; it may send more, which is passed over.
struct ProviderAnswer {
  std::string code, state, iss, error;
  static constexpr Field fields[] = {field<&ProviderAnswer::code>("code", secret),
                                     field<&ProviderAnswer::state>("state"), field<&ProviderAnswer::iss>("iss"),
                                     field<&ProviderAnswer::error>("error")};
};

SignInWays waysToSignIn(Call& call, const Nothing&);
Plain beginSignIn(Call& call, const SignInStart& asked);
Plain finishSignIn(Call& call, const ProviderAnswer&);
Plain signOutAtProvider(Call& call, const Nothing&);

}  // namespace regesta::api::native

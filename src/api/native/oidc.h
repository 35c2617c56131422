#pragma once
#include "api/native/common.h"

/// Sign-in through an identity provider, for browsers: one address to go there, one to return. Errors are passed to the
/// sign-in page in a cookie, so that no URL contains a message that others could forge.
namespace regesta::api::native {

inline constexpr std::string_view oidcStartPath = "/api/v1/session/oidc/start";
inline constexpr std::string_view oidcCallbackPath = "/api/v1/session/oidc/callback";
inline constexpr std::string_view oidcSignOutPath = "/api/v1/session/oidc/sign-out";

struct SignInProvider {
  std::string label, start;
  static constexpr Field fields[] = {
      field<&SignInProvider::label>("label"),
      field<&SignInProvider::start>("start", about("leads to the provider; takes \"back\", a path on this server"))};
};
struct SignInMethods {
  bool password = true, token = true;
  std::optional<SignInProvider> oidc;
  std::optional<std::string> failure;
  static constexpr Field fields[] = {
      field<&SignInMethods::password>("password"), field<&SignInMethods::token>("token"),
      field<&SignInMethods::oidc>("oidc"),
      field<&SignInMethods::failure>("failure",
                                     about("why this browser's last sign-in at the provider failed; sent once"))};
};
struct SignInStart {
  std::string back = "/";
  static constexpr Field fields[] = {
      field<&SignInStart::back>("back", about("the path on this server to go to afterwards"))};
};
/// The provider's parameters; others are ignored.
struct ProviderAnswer {
  std::string code, state, iss, error;
  static constexpr Field fields[] = {field<&ProviderAnswer::code>("code", secret),
                                     field<&ProviderAnswer::state>("state"), field<&ProviderAnswer::iss>("iss"),
                                     field<&ProviderAnswer::error>("error")};
};

SignInMethods listSignInMethods(Call& call, const Empty&);
Plain beginSignIn(Call& call, const SignInStart& request);
Plain finishSignIn(Call& call, const ProviderAnswer&);
Plain signOutAtProvider(Call& call, const Empty&);

}  // namespace regesta::api::native

#pragma once
#include "api/native/common.h"

namespace regesta::api::native {

struct GrantWire {
  std::string role, workspace, namePattern;
  static constexpr Field fields[] = {
      field<&GrantWire::role>(
          "role", required | about("reader, contributor, approver, admin, auditor, or a custom approval role")),
      field<&GrantWire::workspace>("workspace"), field<&GrantWire::namePattern>("name_pattern")};
};
std::vector<access::Grant> grantsOf(const std::vector<GrantWire>& wire);
std::vector<GrantWire> wireOf(const std::vector<access::Grant>& grants);
/// Users and tokens belong to the server: throws Error{denied} unless the caller administers it.
void requireAdministrator(const Call& call);

struct LinkAnswer {
  std::string issuer, subject;
  static constexpr Field fields[] = {
      field<&LinkAnswer::issuer>("issuer"),
      field<&LinkAnswer::subject>("subject", about("empty: waits for the first sign-in under the user's name"))};
};
struct UserAnswer {
  std::string name;
  bool disabled = false;
  std::optional<std::string> createdAt;
  std::vector<GrantWire> grants;
  bool password = true;
  std::optional<LinkAnswer> link;
  static constexpr Field fields[] = {field<&UserAnswer::name>("name"),
                                     field<&UserAnswer::disabled>("disabled"),
                                     field<&UserAnswer::createdAt>("created_at"),
                                     field<&UserAnswer::grants>("grants"),
                                     field<&UserAnswer::password>("password", about("has one")),
                                     field<&UserAnswer::link>("link", about("the account at the identity provider"))};
};
struct MeAnswer {
  std::string name, actor;
  bool local = false;
  std::vector<GrantWire> grants;
  static constexpr Field fields[] = {field<&MeAnswer::name>("name"), field<&MeAnswer::actor>("actor"),
                                     field<&MeAnswer::local>("local"), field<&MeAnswer::grants>("grants")};
};
struct NewUser {
  std::string name, password;
  std::vector<GrantWire> grants;
  bool oidc = false;
  std::string subject;
  static constexpr Field fields[] = {
      field<&NewUser::name>("name", required),
      field<&NewUser::password>("password", secret | about("required, unless \"oidc\" is true")),
      field<&NewUser::grants>("grants"),
      field<&NewUser::oidc>("oidc", about("signs in at the identity provider and has no password")),
      field<&NewUser::subject>("subject", about("with \"oidc\": the account there, where it is known"))};
};
struct NewLink {
  std::string name, subject;
  static constexpr std::string_view documentation = "The user can then sign in at the configured identity provider.";
  static constexpr Field fields[] = {
      field<&NewLink::name>("name", required),
      field<&NewLink::subject>("subject",
                               about("absent: the first person whom the provider calls by the user's name"))};
};
struct NewPassword {
  std::string name, password, currentPassword;
  static constexpr std::string_view documentation =
      "To change your own password, send the current one. The user's other sessions end.";
  static constexpr Field fields[] = {field<&NewPassword::name>("name", required),
                                     field<&NewPassword::password>("password", required | secret),
                                     field<&NewPassword::currentPassword>("current_password", secret)};
};
struct NewGrants {
  std::string name;
  std::vector<GrantWire> grants;
  static constexpr std::string_view documentation = "Replaces all grants of the user.";
  static constexpr Field fields[] = {field<&NewGrants::name>("name", required),
                                     field<&NewGrants::grants>("grants", present)};
};

Page<UserAnswer> listUsers(Call& call, const PageQuery& query);
UserAnswer createUser(Call& call, const NewUser& request);
MeAnswer whoAmI(Call& call, const Empty&);
/// The caller's password, or any user's for administrators. Changing your own requires the current one, in
/// `current_password` or as the request's Basic credentials, so that an open session is not enough. Ends the user's
/// other sessions.
Empty setPassword(Call& call, const NewPassword& request);
Empty setGrants(Call& call, const NewGrants& request);
Empty deleteUser(Call& call, const NameOnly& path);
/// Lets a user sign in at the configured identity provider.
Empty linkUser(Call& call, const NewLink& request);
Empty unlinkUser(Call& call, const NameOnly& path);

}  // namespace regesta::api::native

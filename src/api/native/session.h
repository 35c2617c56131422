#pragma once
#include "api/native/users.h"

namespace regesta::api::native {

struct SignIn {
  std::string user, password, token;
  static constexpr std::string_view documentation =
      "Sets the session cookie and ends the session that the browser had.";
  static constexpr Field fields[] = {field<&SignIn::user>("user", about("with \"password\"; or a \"token\" alone")),
                                     field<&SignIn::password>("password", secret),
                                     field<&SignIn::token>("token", secret)};
};

/// Sets the session cookie and returns the user. Ends the browser's previous session.
MeAnswer openSession(Call& call, const SignIn& request);
struct SignedOut {
  std::optional<std::string> providerSignOut;
  static constexpr Field fields[] = {
      field<&SignedOut::providerSignOut>("provider_sign_out", about("where the identity provider's session ends"))};
};
/// 204, or 200 if there is also a session at an identity provider.
SignedOut closeSession(Call& call, const Empty&);

struct SessionAnswer {
  std::string id, agent;
  std::optional<std::string> createdAt, usedAt, expiresAt;
  bool provider = false, current = false;
  static constexpr Field fields[] = {
      field<&SessionAnswer::id>("id"),
      field<&SessionAnswer::agent>("agent", about("User-Agent of the browser; not verified")),
      field<&SessionAnswer::createdAt>("created_at"),
      field<&SessionAnswer::usedAt>("used_at", about("within ten minutes")),
      field<&SessionAnswer::expiresAt>("expires_at"),
      field<&SessionAnswer::provider>("provider", about("began at the identity provider")),
      field<&SessionAnswer::current>("current", about("the session of this request"))};
};
struct EndedSessions {
  std::int64_t ended = 0;
  std::optional<std::string> providerSignOut;
  static constexpr Field fields[] = {field<&EndedSessions::ended>("ended"),
                                     field<&EndedSessions::providerSignOut>("provider_sign_out")};
};
struct SessionPath {
  std::string id;
  static constexpr Field fields[] = {field<&SessionPath::id>("id", required)};
};
/// The caller's sessions on all machines.
Page<SessionAnswer> listSessions(Call& call, const PageQuery& query);
/// Ends one of the caller's sessions.
Empty endSession(Call& call, const SessionPath& path);
EndedSessions closeSessions(Call& call, const Empty&);
/// All sessions of a user, for administrators.
EndedSessions endSessionsOf(Call& call, const NameOnly& path);

}  // namespace regesta::api::native

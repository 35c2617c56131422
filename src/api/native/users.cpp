#include "api/native/users.h"

#include "access/access.h"
#include "access/oidc/sign_in.h"
#include "api/session_cookie.h"
#include "base/text.h"

namespace regesta::api::native {

using access::Verb;

std::vector<access::Grant> grantsOf(const std::vector<GrantWire>& wire) {
  std::vector<access::Grant> grants;
  for (const GrantWire& grant : wire) grants.push_back({grant.role, grant.workspace, grant.namePattern});
  return grants;
}

std::vector<GrantWire> wireOf(const std::vector<access::Grant>& grants) {
  std::vector<GrantWire> wire;
  for (const access::Grant& grant : grants) wire.push_back({grant.role, grant.workspace, grant.namePattern});
  return wire;
}

void requireAdministrator(const Call& call) { call.identity->require(Verb::administer, "*", "*"); }

namespace {

/// Whether the request itself carries the password of its user, who was let in by it.
bool showsPassword(const http::Request& request) {
  auto authorization = request.headers.get("Authorization");
  return authorization && equalsIgnoreCase(authorization->substr(0, 6), "basic ");
}

UserAnswer answerOf(const access::User& user) {
  UserAnswer answer{user.name, user.disabled, timeText(user.createdAt), wireOf(user.grants), user.password, {}};
  if (user.link) answer.link = LinkAnswer{user.link->issuer, user.link->subject};
  return answer;
}

access::Link linkTo(const Call& call, const std::string& subject) {
  if (!call.core.oidc) throw Error(Code::invalidState, "no identity provider is configured (oidc.issuer)");
  return {call.core.oidc->options().issuer, subject};
}

}  // namespace

Page<UserAnswer> listUsers(Call& call, const PageQuery& query) {
  requireAdministrator(call);
  return pageOf(
      call.core.access.users(), query.pageToken, query.pageSize, [](const access::User& user) { return user.name; },
      answerOf);
}

UserAnswer createUser(Call& call, const NewUser& asked) {
  requireAdministrator(call);
  call.status = 201;
  access::Access& access = call.core.access;
  if (asked.oidc) {
    if (!asked.password.empty()) throw Invalid("password", "must be absent where \"oidc\" is true");
    return answerOf(access.createUser(call.actor(), asked.name, linkTo(call, asked.subject), grantsOf(asked.grants)));
  }
  if (asked.password.empty()) throw Invalid("password", "is required");
  if (!asked.subject.empty()) throw Invalid("subject", "requires \"oidc\"");
  return answerOf(access.createUser(call.actor(), asked.name, asked.password, grantsOf(asked.grants)));
}

MeAnswer whoAmI(Call& call, const Empty&) {
  return {call.actor().shortName(), call.actor().name, call.identity->local, wireOf(call.identity->grants)};
}

Empty setPassword(Call& call, const NewPassword& asked) {
  bool own = call.actor() == registry::Actor::user(asked.name);
  if (!own) requireAdministrator(call);
  bool shown = showsPassword(call.http) && asked.currentPassword.empty();
  if (own && !shown && call.core.access.hasPassword(asked.name)) {
    if (asked.currentPassword.empty()) throw Invalid("current_password", "is required to change your own password");
    call.core.access.requirePassword(asked.name, asked.currentPassword, call.http.remote);
  }
  call.core.access.setPassword(call.actor(), asked.name, asked.password,
                               own ? sessionSecret(call.http).value_or("") : std::string());
  return {};
}

Empty setGrants(Call& call, const NewGrants& asked) {
  requireAdministrator(call);
  call.core.access.setGrants(call.actor(), asked.name, grantsOf(asked.grants));
  return {};
}

Empty deleteUser(Call& call, const NameOnly& path) {
  requireAdministrator(call);
  call.core.access.deleteUser(call.actor(), path.name);
  call.status = 204;
  return {};
}

Empty linkUser(Call& call, const NewLink& asked) {
  requireAdministrator(call);
  call.core.access.linkUser(call.actor(), asked.name, linkTo(call, asked.subject));
  return {};
}

Empty unlinkUser(Call& call, const NameOnly& path) {
  requireAdministrator(call);
  call.core.access.unlinkUser(call.actor(), path.name);
  call.status = 204;
  return {};
}

}  // namespace regesta::api::native

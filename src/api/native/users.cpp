#include "api/native/users.h"

#include "governance/access.h"
#include "governance/oidc/sign_in.h"

namespace regesta::api::native {

using governance::Verb;

std::vector<governance::Grant> grantsOf(const std::vector<GrantWire>& wire) {
  std::vector<governance::Grant> grants;
  for (const GrantWire& grant : wire) grants.push_back({grant.role, grant.workspace, grant.namePattern});
  return grants;
}

std::vector<GrantWire> wireOf(const std::vector<governance::Grant>& grants) {
  std::vector<GrantWire> wire;
  for (const governance::Grant& grant : grants) wire.push_back({grant.role, grant.workspace, grant.namePattern});
  return wire;
}

void requireAdministrator(const Call& call) { call.identity->require(Verb::administer, "*", "*"); }

namespace {

UserAnswer answerOf(const governance::User& user) {
  UserAnswer answer{user.name, user.disabled, timeText(user.createdAt), wireOf(user.grants), user.password, {}};
  if (user.link) answer.link = LinkAnswer{user.link->issuer, user.link->subject};
  return answer;
}

governance::Link linkTo(const Call& call, const std::string& subject) {
  if (!call.core.oidc) throw Error(Code::invalidState, "no identity provider is configured (oidc.issuer)");
  return {call.core.oidc->options().issuer, subject};
}

}  // namespace

Page<UserAnswer> listUsers(Call& call, const PageQuery& query) {
  requireAdministrator(call);
  return pageOf(
      call.core.access.users(), query.pageToken, query.pageSize, [](const governance::User& user) { return user.name; },
      answerOf);
}

UserAnswer createUser(Call& call, const NewUser& asked) {
  requireAdministrator(call);
  call.status = 201;
  governance::Access& access = call.core.access;
  if (asked.oidc) {
    if (!asked.password.empty()) throw Invalid("password", "must be absent where \"oidc\" is true");
    return answerOf(access.createUser(call.actor(), asked.name, linkTo(call, asked.subject), grantsOf(asked.grants)));
  }
  if (asked.password.empty()) throw Invalid("password", "is required");
  if (!asked.subject.empty()) throw Invalid("subject", "goes with \"oidc\" only");
  return answerOf(access.createUser(call.actor(), asked.name, asked.password, grantsOf(asked.grants)));
}

MeAnswer whoAmI(Call& call, const Nothing&) {
  return {call.actor().shortName(), call.actor().name, call.identity->local, wireOf(call.identity->grants)};
}

Nothing setPassword(Call& call, const NewPassword& asked) {
  if (call.actor().name != "user:" + asked.name) requireAdministrator(call);
  call.core.access.setPassword(call.actor(), asked.name, asked.password);
  return {};
}

Nothing setGrants(Call& call, const NewGrants& asked) {
  requireAdministrator(call);
  call.core.access.setGrants(call.actor(), asked.name, grantsOf(asked.grants));
  return {};
}

Nothing deleteUser(Call& call, const NameOnly& path) {
  requireAdministrator(call);
  call.core.access.deleteUser(call.actor(), path.name);
  call.status = 204;
  return {};
}

Nothing linkUser(Call& call, const NewLink& asked) {
  requireAdministrator(call);
  call.core.access.linkUser(call.actor(), asked.name, linkTo(call, asked.subject));
  return {};
}

Nothing unlinkUser(Call& call, const NameOnly& path) {
  requireAdministrator(call);
  call.core.access.unlinkUser(call.actor(), path.name);
  call.status = 204;
  return {};
}

}  // namespace regesta::api::native

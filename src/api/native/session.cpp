#include "api/native/session.h"

#include <algorithm>

#include "access/access.h"
#include "access/oidc/sign_in.h"
#include "api/native/oidc.h"
#include "api/session_cookie.h"
#include "base/encoding.h"
#include "base/time.h"
#include "governance/refusals.h"

namespace regesta::api::native {

namespace {

std::string authorizationOf(const SignIn& request) {
  if (!request.token.empty()) return "Bearer " + request.token;
  if (request.user.empty()) throw Invalid("user", "is required unless \"token\" is given");
  if (request.user.find(':') != std::string::npos) throw Invalid("user", "must not contain ':'");
  return "Basic " + base64Encode(request.user + ":" + request.password);
}

/// The address that ends the session at the identity provider, for users who signed in there.
std::optional<std::string> signOutThere(const Call& call, bool cameFromThere) {
  if (!cameFromThere || !call.core.oidc || !call.core.oidc->offersSignOut()) return std::nullopt;
  return std::string(oidcSignOutPath);
}

}  // namespace

MeAnswer openSession(Call& call, const SignIn& request) {
  std::string authorization = authorizationOf(request);
  call.http.account.claimed = governance::claimedName(authorization);  // until it is shown
  access::Access::Session opened = call.core.access.openSession(authorization, agentOf(call.http), call.http.remote);
  // Signing in again ends the previous session.
  if (auto before = sessionSecret(call.http)) call.core.access.closeSession(*before);
  call.identity = call.core.access.authenticate("Session " + opened.secret);
  call.http.account = {.actor = call.identity->actor.name, .claimed = {}, .problem = {}};
  call.headers.set("Set-Cookie", sessionCookie(call.http, opened.secret, (opened.expiresAt - nowMillis()) / 1000));
  return whoAmI(call, {});
}

SignedOut closeSession(Call& call, const Empty&) {
  auto secret = sessionSecret(call.http);
  SignedOut answer{signOutThere(call, secret && call.core.access.closeSession(*secret))};
  call.headers.set("Set-Cookie", sessionCookie(call.http, "", 0));
  if (!answer.providerSignOut) call.status = 204;
  return answer;
}

Page<SessionAnswer> listSessions(Call& call, const PageQuery& query) {
  auto from = static_cast<std::size_t>(readNumberToken(query.pageToken));
  std::size_t to = from + rowsOf(query.pageSize);
  auto open = call.core.access.sessions(call.actor(), sessionSecret(call.http).value_or(""));
  Page<SessionAnswer> page;
  for (std::size_t i = from; i < std::min(to, open.size()); ++i)
    page.items.push_back({open[i].id, open[i].agent, timeText(open[i].createdAt), timeText(open[i].usedAt),
                          timeText(open[i].expiresAt), open[i].throughProvider, open[i].current});
  if (to < open.size()) page.nextPageToken = makeToken(std::to_string(to));
  return page;
}

Empty endSession(Call& call, const SessionPath& path) {
  call.core.access.endSession(call.actor(), path.id);
  call.status = 204;
  return {};
}

EndedSessions closeSessions(Call& call, const Empty&) {
  auto open = call.core.access.sessions(call.actor(), sessionSecret(call.http).value_or(""));
  bool fromThere = std::ranges::any_of(open, [](const auto& one) { return one.current && one.throughProvider; });
  call.headers.set("Set-Cookie", sessionCookie(call.http, "", 0));
  return {call.core.access.closeSessions(call.actor()), signOutThere(call, fromThere)};
}

EndedSessions endSessionsOf(Call& call, const NameOnly& path) {
  requireAdministrator(call);
  return {call.core.access.endSessionsOf(call.actor(), path.name), std::nullopt};
}

}  // namespace regesta::api::native

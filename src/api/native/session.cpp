#include "api/native/session.h"

#include "api/session_cookie.h"
#include "base/encoding.h"
#include "base/time.h"
#include "governance/access.h"

namespace regesta::api::native {

namespace {

std::string authorizationOf(const SignIn& asked) {
  if (!asked.token.empty()) return "Bearer " + asked.token;
  if (asked.user.empty()) throw Invalid("user", "or \"token\" is required");
  if (asked.user.find(':') != std::string::npos) throw Invalid("user", "must not hold a ':'");
  return "Basic " + base64Encode(asked.user + ":" + asked.password);
}

}  // namespace

MeAnswer openSession(Call& call, const SignIn& asked) {
  governance::Access::Session opened = call.core.access.openSession(authorizationOf(asked));
  call.identity = call.core.access.authenticate("Session " + opened.secret);
  call.headers.set("Set-Cookie", sessionCookie(call.http, opened.secret, (opened.expiresAt - nowMillis()) / 1000));
  return whoAmI(call, {});
}

Nothing closeSession(Call& call, const Nothing&) {
  if (auto secret = sessionSecret(call.http)) call.core.access.closeSession(*secret);
  call.headers.set("Set-Cookie", sessionCookie(call.http, "", 0));
  call.status = 204;
  return {};
}

}  // namespace regesta::api::native

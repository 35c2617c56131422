#include "api/native/oidc.h"

#include "access/oidc/sign_in.h"
#include "api/client_error.h"
#include "api/session_cookie.h"
#include "base/encoding.h"
#include "base/limits_sign_in.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"

namespace regesta::api::native {

namespace {

using access::oidc::SignIn;

constexpr std::string_view begunCookie = "regesta_sign_in";
constexpr std::string_view failureCookie = "regesta_sign_in_failure";
constexpr std::int64_t failureSeconds = 60;

SignIn& configured(const Call& call) {
  if (!call.core.oidc) throw Error(Code::notFound, "no identity provider is configured (oidc.issuer)");
  return *call.core.oidc;
}

std::string publicAddress(const Call& call, std::string_view path) {
  std::string_view base = call.core.publicUrl;
  while (base.ends_with('/')) base.remove_suffix(1);
  return fmt::format("{}{}", base, path);
}

Plain redirect(const std::string& address) {
  Plain answer;
  answer.status = 303;
  answer.contentType = "text/plain; charset=utf-8";
  answer.headers.set("Location", address);
  answer.headers.set("Cache-Control", "no-store");
  answer.headers.set("Referrer-Policy", "no-referrer");
  return answer;
}

void forget(const Call& call, http::Headers& headers, std::string_view cookie) {
  headers.add("Set-Cookie", signInCookie(call.http, cookie, "", 0));
}

/// Back to the page, which asks listSignInMethods() what happened.
Plain failed(const Call& call, const std::string& back, const Error& why) {
  log(LogLevel::warn, "signing in at the identity provider failed",
      {{"request", call.http.id}, {"code", codeName(why.code)}, {"reason", why.message}});
  Plain answer = redirect(back);
  forget(call, answer.headers, begunCookie);
  // Administrators need the message to correct the provider's settings; server faults are not shown.
  auto begins = [&](std::string_view text) { return why.message.starts_with(text); };
  bool ofProvider = begins("the identity provider") || begins("GET http") || begins("POST http");
  std::optional<Error> hidden = ofProvider ? std::nullopt : clientError(why, call.http.id);
  std::string words = base64UrlEncode(shorten(hidden ? hidden->message : why.message, limits::signInWords));
  answer.headers.add("Set-Cookie", signInCookie(call.http, failureCookie, words, failureSeconds));
  return answer;
}

/// Providers add further parameters; the first of each name counts.
SignIn::Answer answerOf(const http::Request& request) {
  SignIn::Answer answer;
  auto take = [](std::string& into, const std::string& value) {
    if (into.empty()) into = value;
  };
  for (const auto& [name, value] : http::parseQuery(request.query)) {
    if (name == "code") take(answer.code, value);
    if (name == "state") take(answer.state, value);
    if (name == "iss") take(answer.issuer, value);
    if (name == "error") take(answer.error, value);
  }
  return answer;
}

}  // namespace

SignInMethods listSignInMethods(Call& call, const Empty&) {
  SignInMethods ways;
  if (call.core.oidc) ways.oidc = SignInProvider{call.core.oidc->options().label, std::string(oidcStartPath)};
  call.headers.set("Cache-Control", "no-store");
  auto words = signInCookieOf(call.http, failureCookie);
  if (!words) return ways;
  auto failure = base64UrlDecode(*words);
  // It was ours when it left; what comes back may be anything.
  if (failure && isUtf8(*failure)) ways.failure = shorten(*failure, limits::signInWords);
  forget(call, call.headers, failureCookie);
  return ways;
}

Plain beginSignIn(Call& call, const SignInStart& asked) {
  SignIn& signIn = configured(call);
  try {
    SignIn::Begun begun = signIn.begin(asked.back, publicAddress(call, oidcCallbackPath));
    Plain answer = redirect(begun.address);
    answer.headers.add("Set-Cookie", signInCookie(call.http, begunCookie, begun.cookie, SignIn::lastsSeconds));
    // Here and not at the end: the browser does not send a SameSite=Strict cookie on its way back.
    if (auto before = sessionSecret(call.http)) call.core.access.closeSession(*before);
    return answer;
  } catch (const Invalid&) {
    throw;  // an address that none of our pages links to
  } catch (const Error& why) {
    return failed(call, asked.back, why);
  }
}

Plain finishSignIn(Call& call, const ProviderAnswer&) {
  SignIn& signIn = configured(call);
  SignIn::Answer said = answerOf(call.http);
  std::string back = "/";
  try {
    SignIn::Pending pending = signIn.recognise(signInCookieOf(call.http, begunCookie).value_or(""), said);
    back = pending.back;
    auto opened = signIn.complete(pending, said, publicAddress(call, oidcCallbackPath), agentOf(call.http));
    Plain answer = redirect(back);
    forget(call, answer.headers, begunCookie);
    std::int64_t seconds = (opened.expiresAt - nowMillis()) / 1000;
    answer.headers.add("Set-Cookie", sessionCookie(call.http, opened.secret, seconds));
    return answer;
  } catch (const Error& why) {
    return failed(call, back, why);
  }
}

Plain signOutAtProvider(Call& call, const Empty&) {
  SignIn& signIn = configured(call);
  try {
    return redirect(signIn.signOutAddress(publicAddress(call, "/")));
  } catch (const Error& why) {
    return failed(call, "/", why);
  }
}

}  // namespace regesta::api::native

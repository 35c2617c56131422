#include "access/oidc/sign_in.h"

#include <algorithm>

#include "access/oidc/id_token.h"
#include "access/oidc/person.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/id.h"
#include "base/limits_sign_in.h"
#include "base/text.h"
#include "base/time.h"
#include "crypto/hash.h"
#include "crypto/password.h"

namespace regesta::access::oidc {
namespace {

constexpr std::size_t idBytes = 16;

/// Browsers take "//host" and "/\host" for another server and leave out tabs and line breaks.
void checkBack(const std::string& back) {
  bool plain = std::ranges::all_of(back, [](unsigned char c) { return c > 0x20 && c < 0x7f && c != '\\'; });
  if (back.size() > limits::signInBack || !plain || !back.starts_with('/') || back.starts_with("//"))
    throw Invalid("back", fmt::format("must be a path on this server of at most {} bytes", limits::signInBack));
}

[[noreturn]] void refuseAnswer() {
  throw Error(Code::unauthenticated,
              "this sign-in was started in another browser or too long ago, or its cookie is missing; start again");
}

std::string withQuery(std::string address, const std::vector<std::pair<std::string_view, std::string>>& values) {
  char separator = address.find('?') == std::string::npos ? '?' : '&';
  for (const auto& [name, value] : values) {
    address += fmt::format("{}{}={}", separator, name, percentEncode(value));
    separator = '&';
  }
  return address;
}

/// A userinfo response about another subject must not be combined with the token (OpenID Connect Core section 5.3.2).
void addClaims(json::object& claims, const json::object& more) {
  const json::value* subject = more.if_contains("sub");
  if (!subject || *subject != claims.at("sub"))
    throw Error(Code::unauthenticated, "the identity provider's userinfo is about another account");
  for (const auto& claim : more)
    if (!claims.contains(claim.key())) claims[claim.key()] = claim.value();
}

std::string words(std::string_view oauthError) {
  if (oauthError == "access_denied") return "the identity provider did not let you in, or you declined";
  if (oauthError == "temporarily_unavailable" || oauthError == "server_error")
    return "the identity provider cannot sign you in now; try again";
  return "the identity provider refused to sign you in";
}

}  // namespace

std::string SignIn::word(std::string_view purpose, std::string_view id) const {
  return access_.capability(fmt::format("oidc {} {}", purpose, id));
}

SignIn::Begun SignIn::begin(const std::string& back, const std::string& redirect) {
  checkBack(back);
  Metadata provider = provider_.metadata();
  std::string id = base64UrlEncode(randomBytes(idBytes));
  std::string begun = fmt::format("{}.{}.{}", id, nowMillis() + lastsSeconds * 1000, base64UrlEncode(back));
  std::string challenge = base64UrlEncode(crypto::view(crypto::sha256(word("verifier", id))));
  std::string address = withQuery(provider.authorization, {{"response_type", "code"},
                                                           {"client_id", options_.clientId},
                                                           {"redirect_uri", redirect},
                                                           {"scope", options_.scopes},
                                                           {"state", word("state", id)},
                                                           {"nonce", word("nonce", id)},
                                                           {"code_challenge", challenge},
                                                           {"code_challenge_method", "S256"}});
  return {std::move(address), fmt::format("{}.{}", begun, word("cookie", begun))};
}

SignIn::Pending SignIn::recognise(std::string_view cookie, const Answer& answer) const {
  std::size_t mark = cookie.rfind('.');
  if (mark == std::string_view::npos) refuseAnswer();
  std::string_view begun = cookie.substr(0, mark);
  if (!crypto::constantTimeEquals(cookie.substr(mark + 1), word("cookie", begun))) refuseAnswer();
  std::vector<std::string_view> parts = split(begun, '.');  // ours: three of them, and what they hold is well formed
  Pending pending{std::string(parts.at(0)), base64UrlDecode(parts.at(2)).value_or("/"),
                  parseInteger(parts.at(1)).value_or(0)};
  if (pending.expiresAt <= nowMillis()) refuseAnswer();
  if (!crypto::constantTimeEquals(answer.state, word("state", pending.id))) refuseAnswer();
  return pending;
}

Access::Session SignIn::complete(const Pending& pending, const Answer& answer, const std::string& redirect,
                                 std::string_view agent) {
  if (!answer.issuer.empty() && answer.issuer != options_.issuer)  // RFC 9207
    throw Error(Code::unauthenticated, "the response is from another identity provider");
  if (!answer.error.empty()) throw Error(Code::denied, words(answer.error));
  if (answer.code.empty() || answer.code.size() > limits::signInCode)
    throw Error(Code::unauthenticated, "the identity provider sent no code");
  Tokens tokens = provider_.exchange(answer.code, redirect, word("verifier", pending.id));
  json::object claims =
      readIdToken(tokens.id, [this](const crypto::Jws& token) { return provider_.keyOf(token); },
                  {options_.issuer, options_.clientId, word("nonce", pending.id), nowMillis() / 1000});
  if (needsUserinfo(options_, claims) && !tokens.access.empty() && !provider_.metadata().userinfo.empty())
    addClaims(claims, provider_.userinfo(tokens.access));
  Person person = personOf(options_, claims);
  return access_.openSession(person, {pending.id, pending.expiresAt}, agent);
}

bool SignIn::offersSignOut() {
  auto known = provider_.knownMetadata();
  return !known || !known->endSession.empty();
}

std::string SignIn::signOutAddress(const std::string& backTo) {
  std::string address = provider_.metadata().endSession;
  if (address.empty())
    throw Error(Code::unsupported, "you are signed out of Regesta; the identity provider has no end_session_endpoint");
  // Without id_token_hint: a token would be part of a URL, and the provider asks the person instead.
  return withQuery(address, {{"client_id", options_.clientId}, {"post_logout_redirect_uri", backTo}});
}

}  // namespace regesta::access::oidc

#include "access/oidc/id_token.h"

#include <cmath>
#include <optional>

#include "base/error.h"
#include "base/limits_sign_in.h"
#include "crypto/password.h"

namespace regesta::access::oidc {
namespace {

[[noreturn]] void refuse(std::string_view why) {
  throw error(Code::unauthenticated, "the identity provider's ID token {}", why);
}

/// Seconds; fractions are allowed (RFC 7519 section 2).
std::optional<double> timeOf(const json::object& claims, std::string_view name) {
  const json::value* found = claims.if_contains(name);
  if (!found) return std::nullopt;
  if (!found->is_number()) refuse("has a time that is not a number");
  double seconds = found->to_number<double>();
  if (!std::isfinite(seconds)) refuse("has a time that is not a number");
  return seconds;
}

void checkAudience(const json::object& claims, const std::string& clientId) {
  const json::value* audience = claims.if_contains("aud");
  bool listed = false, others = false;
  if (audience && audience->is_string()) listed = audience->as_string() == clientId;
  if (audience && audience->is_array())
    for (const json::value& one : audience->as_array()) {
      bool us = one.is_string() && one.as_string() == clientId;
      listed |= us;
      others |= !us;
    }
  if (!listed) refuse("was made for another application");
  const json::value* party = claims.if_contains("azp");
  if (others && !party) refuse("was issued for several applications without naming the requesting one");
  if (party && memberText(claims, "azp") != clientId) refuse("was requested by another application");
}

void checkTimes(const json::object& claims, std::int64_t now) {
  auto expires = timeOf(claims, "exp"), issued = timeOf(claims, "iat"), begins = timeOf(claims, "nbf");
  auto at = static_cast<double>(now), skew = static_cast<double>(skewSeconds);
  if (!expires || !issued) refuse("has no time of issue or expiry");
  if (*expires + skew <= at) refuse("has expired; are the clocks of both machines right?");
  if (*issued - skew > at || begins.value_or(0) - skew > at)
    refuse("was issued in the future; check the clocks of both machines");
}

}  // namespace

json::object checkedClaims(const crypto::Jws& verified, const Expected& expected) {
  json::value payload = parseJson(verified.payload);
  if (!payload.is_object()) refuse("is not a JSON object");
  json::object claims = payload.as_object();
  if (memberText(claims, "iss") != expected.issuer) refuse("is from another issuer");
  checkAudience(claims, expected.clientId);
  checkTimes(claims, expected.nowSeconds);
  std::string subject = memberText(claims, "sub");
  if (subject.empty() || subject.size() > limits::subjectLength) refuse("does not say who it is about");
  return claims;
}

json::object readIdToken(std::string_view token, const std::function<crypto::Jwk(const crypto::Jws&)>& keyOf,
                         const Expected& expected) {
  crypto::Jws jws = crypto::parseJws(token);
  if (!crypto::verifyJws(jws, keyOf(jws))) refuse("has a wrong signature");
  json::object claims = checkedClaims(jws, expected);
  if (!crypto::constantTimeEquals(memberText(claims, "nonce"), expected.nonce)) refuse("belongs to another sign-in");
  return claims;
}

}  // namespace regesta::access::oidc

#include "access/oidc/exchange.h"

#include <algorithm>

#include "access/oidc/id_token.h"
#include "base/error.h"
#include "base/limits_sign_in.h"
#include "base/text.h"
#include "base/time.h"
#include "crypto/hash.h"

namespace regesta::access::oidc {
namespace {

constexpr std::size_t shownClaim = 200, jobIdLength = 512;

/// Claims of CI platforms that tell the reader of the ledger which job it was.
constexpr std::string_view toldClaims[] = {"repository",   "ref",        "sha",          "run_id",
                                           "workflow_ref", "actor",      "project_path", "pipeline_id",
                                           "job_id",       "user_login", "environment"};

json::object jobOf(const json::object& claims) {
  json::object job{{"issuer", memberText(claims, "iss")}, {"subject", memberText(claims, "sub")}};
  for (std::string_view claim : toldClaims)
    if (std::string text = memberText(claims, claim); !text.empty()) job[claim] = shorten(text, shownClaim);
  return job;
}

/// A claim of a token that is not verified yet.
std::string claimIn(const crypto::Jws& token, std::string_view claim) {
  boost::system::error_code failed;
  json::value payload = json::parse(token.payload, failed);
  return !failed && payload.is_object() ? memberText(payload.get_object(), claim) : "";
}

std::string issuerIn(const crypto::Jws& token) {
  std::string issuer = claimIn(token, "iss");
  if (issuer.empty()) throw Invalid("subject_token", "must be an ID token with an issuer");
  return issuer;
}

std::string subjectIn(const crypto::Jws& token) { return shorten(claimIn(token, "sub"), shownClaim); }

/// The same for everybody who has not proved to be a job of a trusted issuer: it tells nothing about the tokens.
Error unproven() {
  return {
      Code::unauthenticated,
      "this ID token is not signed by an issuer that a token of this server trusts; an administrator can create one: "
      "regesta token create NAME --issuer URL …"};
}

/// With an id it counts once, until it has expired anyway.
std::optional<Access::OneTime> useOf(const json::object& claims) {
  std::string id = memberText(claims, "jti");
  if (id.empty()) return std::nullopt;
  if (id.size() > jobIdLength) throw Invalid("subject_token", "has a jti that is too long");
  auto expires = static_cast<std::int64_t>(claims.at("exp").to_number<double>());
  std::string key = crypto::sha256Hex(fmt::format("{}\n{}", memberText(claims, "iss"), id));
  return Access::OneTime{"jti " + key, (expires + 2 * skewSeconds) * 1000};
}

}  // namespace

std::shared_ptr<Exchange::Issuer> Exchange::issuerOf(const std::string& address) {
  auto known = issuers_.lock();
  std::shared_ptr<Issuer>& issuer = (*known)[address];
  if (!issuer) {
    Options options;
    options.issuer = address;
    options.caFile = caFile_;
    options.signsIn = false;
    issuer = std::make_shared<Issuer>(std::move(options), outside_);
  }
  return issuer;
}

void Exchange::requireSigned(const crypto::Jws& token, const std::string& issuer) try {
  if (!crypto::verifyJws(token, issuerOf(issuer)->provider.keyOf(token))) throw unproven();
} catch (const Error& fault) {
  if (fault.code != Code::unauthenticated) throw;
  throw unproven();
}

Exchange::Issued Exchange::exchange(std::string_view idToken, std::string_view wanted) {
  if (idToken.size() > limits::idToken) throw Invalid("subject_token", "is too long");
  crypto::Jws jws = crypto::parseJws(idToken);
  std::string issuer = issuerIn(jws);
  auto tokens = store_.read([](db::Transaction& transaction) { return trustedTokens(transaction); });
  std::erase_if(tokens, [&](const TrustedToken& token) { return token.trust.issuer != issuer; });
  if (tokens.empty()) throw unproven();
  requireSigned(jws, issuer);
  std::vector<const TrustedToken*> found;
  json::object claims;
  std::optional<Error> why;
  for (const TrustedToken& token : tokens) try {
      if (!wanted.empty() && token.name != wanted) continue;
      Expected expected{.issuer = issuer, .clientId = token.trust.audience, .nowSeconds = nowMillis() / 1000};
      claims = checkedClaims(jws, expected);
      if (matches(token.trust, claims)) found.push_back(&token);
    } catch (const Error& fault) {
      if (fault.code != Code::unauthenticated) throw;
      why = fault;
    }
  if (found.empty())
    throw why ? *why : error(Code::unauthenticated, "no token of this server trusts the job '{}'", subjectIn(jws));
  if (found.size() > 1) throw Invalid("requested_subject", "is required: several tokens trust this job");
  return {found.front()->name, openWorkloadSession(store_, *found.front(), useOf(claims), jobOf(claims))};
}

}  // namespace regesta::access::oidc

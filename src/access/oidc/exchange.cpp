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

std::string issuerIn(const crypto::Jws& token) {
  boost::system::error_code failed;
  json::value payload = json::parse(token.payload, failed);
  std::string issuer = !failed && payload.is_object() ? memberText(payload.get_object(), "iss") : "";
  if (issuer.empty()) throw Invalid("subject_token", "must be an ID token with an issuer");
  return issuer;
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

std::vector<TrustedToken> Exchange::trusting(const std::string& issuer, std::string_view wanted) {
  auto tokens = store_.read([](db::Transaction& transaction) { return trustedTokens(transaction); });
  std::erase_if(tokens, [&](const TrustedToken& token) {
    return token.trust.issuer != issuer || (!wanted.empty() && token.name != wanted);
  });
  if (tokens.empty())
    throw Error(Code::unauthenticated,
                "no token of this server trusts the issuer of this ID token; an administrator "
                "can create one: regesta token create NAME --issuer URL …");
  return tokens;
}

Exchange::Issued Exchange::exchange(std::string_view idToken, std::string_view wanted) {
  if (idToken.size() > limits::idToken) throw Invalid("subject_token", "is too long");
  std::string issuer = issuerIn(crypto::parseJws(idToken));
  std::vector<TrustedToken> tokens = trusting(issuer, wanted);
  Provider& provider = issuerOf(issuer)->provider;
  std::vector<const TrustedToken*> found;
  json::object claims;
  std::optional<Error> why;
  for (const TrustedToken& token : tokens) try {
      Expected expected{.issuer = issuer, .clientId = token.trust.audience, .nowSeconds = nowMillis() / 1000};
      claims = readJobToken(idToken, [&](const crypto::Jws& jws) { return provider.keyOf(jws); }, expected);
      if (matches(token.trust, claims))
        found.push_back(&token);
      else if (!why)
        why = error(Code::unauthenticated, "no token of this server trusts the job '{}'",
                    shorten(memberText(claims, "sub"), shownClaim));
    } catch (const Error& fault) {
      if (fault.code != Code::unauthenticated) throw;
      why = fault;
    }
  if (found.empty()) throw *why;
  if (found.size() > 1) throw Invalid("requested_subject", "is required: several tokens trust this job");
  return {found.front()->name, openWorkloadSession(store_, *found.front(), useOf(claims), jobOf(claims))};
}

}  // namespace regesta::access::oidc

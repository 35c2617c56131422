#include "api/native/tokens.h"

#include "access/access.h"
#include "access/oidc/exchange.h"
#include "api/client_error.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"

namespace regesta::api::native {

namespace {

access::Trust trustOf(const TrustWire& wire) {
  access::Trust trust{wire.issuer, wire.audience, {}, wire.lastsSeconds == 0 ? 900 : wire.lastsSeconds};
  json::value claims = parseJson(wire.claims.text);
  if (!claims.is_object()) throw Invalid("trust.claims", "must be an object");
  for (const auto& claim : claims.get_object()) {
    if (!claim.value().is_string()) throw Invalid("trust.claims", "must have strings as values");
    trust.claims[std::string(claim.key())] = std::string(claim.value().get_string());
  }
  return trust;
}

std::optional<TrustWire> wireOf(const std::vector<access::TrustedToken>& trusted, const std::string& name) {
  for (const access::TrustedToken& token : trusted) {
    if (token.name != name) continue;
    json::object object = access::trustToJson(token.trust);
    return TrustWire{
        token.trust.issuer, token.trust.audience, {writeJson(object.at("claims"))}, token.trust.lastsSeconds};
  }
  return std::nullopt;
}

constexpr std::string_view grantType = "urn:ietf:params:oauth:grant-type:token-exchange";
constexpr std::string_view tokenType = "urn:ietf:params:oauth:token-type:";

Plain oauthAnswer(int status, const json::object& body) {
  Plain answer;
  answer.status = status;
  answer.contentType = "application/json";
  answer.headers.set("Cache-Control", "no-store");
  answer.body = writeJson(body);
  return answer;
}

/// RFC 8693 section 2.2.2 and RFC 6749 section 5.2.
Plain oauthError(int status, std::string_view code, std::string_view description) {
  return oauthAnswer(status, {{"error", code}, {"error_description", description}});
}

struct ExchangeForm {
  std::string grant, subject, type, requested, wanted;
};

/// Throws Invalid for a parameter that is there twice.
ExchangeForm readForm(const std::string& body) {
  ExchangeForm form;
  const std::pair<std::string_view, std::string*> fields[] = {{"grant_type", &form.grant},
                                                              {"subject_token", &form.subject},
                                                              {"subject_token_type", &form.type},
                                                              {"requested_token_type", &form.requested},
                                                              {"requested_subject", &form.wanted}};
  for (const auto& [name, value] : http::parseQuery(body))
    for (const auto& [known, into] : fields) {
      if (name != known) continue;
      if (!into->empty()) throw Invalid(name, "must be given once");
      *into = value;
    }
  return form;
}

}  // namespace

Page<TokenAnswer> listTokens(Call& call, const PageQuery& query) {
  requireAdministrator(call);
  auto trusted = call.core.store.read([](db::Transaction& transaction) { return access::trustedTokens(transaction); });
  return pageOf(
      call.core.access.tokens(), query.pageToken, query.pageSize, [](const access::Token& token) { return token.name; },
      [&](const access::Token& token) {
        return TokenAnswer{token.name,
                           timeText(token.createdAt),
                           timeText(token.expiresAt),
                           wireOf(token.grants),
                           token.accessKey.empty() ? std::nullopt : std::optional(token.accessKey),
                           wireOf(trusted, token.name)};
      });
}

CreatedToken createToken(Call& call, const NewToken& request) {
  requireAdministrator(call);
  if (request.langfuse && request.s3) throw Invalid("s3", "cannot be combined with langfuse; create two tokens");
  constexpr std::int64_t dayMillis = 24 * 60 * 60 * 1000;
  std::int64_t expiresAt = request.expiresInDays > 0 ? nowMillis() + request.expiresInDays * dayMillis : 0;
  call.status = 201;
  auto form = request.langfuse ? access::TokenForm::langfusePair
              : request.s3     ? access::TokenForm::s3
                               : access::TokenForm::bearer;
  CreatedToken made{.name = request.name};
  if (request.trust) {
    if (request.langfuse || request.s3 || request.expiresInDays > 0)
      throw Invalid("trust", "cannot be combined with langfuse, s3 or expires_in_days");
    access::createWorkloadToken(call.core.store, call.actor(), request.name, grantsOf(request.grants),
                                trustOf(*request.trust));
    return made;
  }
  made.token = call.core.access.createToken(call.actor(), request.name, grantsOf(request.grants), expiresAt, form);
  if (request.langfuse) made.publicKey = access::langfusePublicKey(request.name);
  if (request.s3) {
    access::AccessKey key = call.core.access.accessKeyOf(request.name);
    made.accessKeyId = key.id;
    made.secretAccessKey = key.secret;
  }
  return made;
}

Plain exchangeToken(Call& call, const Empty&) {
  constexpr std::string_view formType = "application/x-www-form-urlencoded";
  if (!call.http.headers.get("Content-Type").value_or("").starts_with(formType))
    return oauthError(400, "invalid_request", fmt::format("the body must be {}", formType));
  try {
    ExchangeForm form = readForm(call.http.body);
    if (form.grant != grantType)
      return oauthError(400, "unsupported_grant_type", fmt::format("grant_type must be {}", grantType));
    if (form.type != fmt::format("{}id_token", tokenType) && form.type != fmt::format("{}jwt", tokenType))
      return oauthError(400, "invalid_request", fmt::format("subject_token_type must be {}id_token or jwt", tokenType));
    if (!form.requested.empty() && form.requested != fmt::format("{}access_token", tokenType))
      return oauthError(400, "invalid_request", fmt::format("only {}access_token is issued", tokenType));
    access::oidc::Exchange::Issued issued = call.core.exchange->exchange(form.subject, form.wanted);
    return oauthAnswer(200, {{"access_token", issued.session.secret},
                             {"issued_token_type", fmt::format("{}access_token", tokenType)},
                             {"token_type", "Bearer"},
                             {"expires_in", (issued.session.expiresAt - nowMillis()) / 1000},
                             {"subject", issued.token}});
  } catch (const Error& why) {
    log(LogLevel::warn, "an ID token was not exchanged",
        {{"request", call.http.id}, {"code", codeName(why.code)}, {"reason", why.message}});
    if (why.code == Code::unavailable || why.code == Code::exhausted)
      return oauthError(503, "temporarily_unavailable", "the issuer of the ID token cannot be reached; try again");
    if (std::optional<Error> hidden = clientError(why, call.http.id))
      return oauthError(500, "server_error", hidden->message);
    return oauthError(400, "invalid_request", why.message);
  }
}

Empty revokeToken(Call& call, const NameOnly& path) {
  requireAdministrator(call);
  call.core.access.revokeToken(call.actor(), path.name);
  call.status = 204;
  return {};
}

}  // namespace regesta::api::native

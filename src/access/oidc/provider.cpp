#include "access/oidc/provider.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/error.h"
#include "base/text.h"

namespace regesta::access::oidc {
namespace {

const json::object& objectOf(const json::value& value, std::string_view what) {
  if (!value.is_object()) throw error(Code::unavailable, "the identity provider's {} is not a JSON object", what);
  return value.as_object();
}

json::value parsed(std::string_view text, std::string_view what) {
  boost::system::error_code failed;
  json::value value = json::parse(text, failed);
  if (failed || !isUtf8(text)) throw error(Code::unavailable, "the identity provider's {} is not JSON", what);
  return value;
}

/// An error code of OAuth as it may be shown: it comes from outside.
std::string shownCode(std::string_view code) {
  bool plain = !code.empty() && code.size() <= 60 &&
               code.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") ==
                   std::string_view::npos;
  return plain ? std::string(code) : "no reason given";
}

std::string form(const std::vector<std::pair<std::string_view, std::string_view>>& fields) {
  std::string body;
  for (const auto& [name, value] : fields)
    body += fmt::format("{}{}={}", body.empty() ? "" : "&", name, percentEncode(value));
  return body;
}

/// Keys are found by their id. Without one there must be no choice (OpenID Connect Core section 10.1).
const crypto::Jwk* find(const std::vector<crypto::Jwk>& keys, const crypto::Jws& token) {
  const crypto::Jwk* found = nullptr;
  for (const crypto::Jwk& key : keys) {
    if (key.algorithm != token.algorithm) continue;
    if (!token.keyId.empty() && key.keyId != token.keyId) continue;
    if (found) return nullptr;
    found = &key;
  }
  return found;
}

/// Takes one of the few places, or says that there is none.
class Place {
 public:
  explicit Place(std::counting_semaphore<>& places) : places_(places) {
    if (!places_.try_acquire())
      throw Error(Code::exhausted, "many people sign in at this moment; try again in a few seconds");
  }
  ~Place() { places_.release(); }
  Place(const Place&) = delete;

 private:
  std::counting_semaphore<>& places_;
};

}  // namespace

http::Response Provider::overNetwork(const http::ClientRequest& request) { return http::Client().send(request); }

http::Response Provider::ask(http::ClientRequest request) {
  if (within(known_.lock()->failedAt, failureLasts))
    throw Error(Code::unavailable, "the identity provider could not be reached a moment ago; try again");
  Place place(calls_);
  request.timeoutSeconds = limits::providerSeconds;
  request.answerLimit = limits::providerAnswer;
  request.caFile = options_.caFile;
  request.headers.set("Accept", "application/json");
  try {
    return outside_.send(request);
  } catch (const Error&) {
    known_.lock()->failedAt = outside_.now();
    throw;
  }
}

std::string Provider::get(const std::string& address, std::string_view what) {
  http::ClientRequest request;
  request.url = address;
  http::Response response = ask(std::move(request));
  if (response.status != 200)
    throw error(Code::unavailable, "the identity provider responds {} to the request for its {}", response.status,
                what);
  return std::move(response.body);
}

Metadata Provider::readMetadata(std::string_view text) const {
  json::value value = parsed(text, "discovery document");
  const json::object& said = objectOf(value, "discovery document");
  if (memberText(said, "issuer") != options_.issuer)
    throw error(Code::unavailable, "the identity provider calls itself '{}', the setting oidc.issuer says '{}'",
                shorten(memberText(said, "issuer"), 200), options_.issuer);
  auto address = [&](std::string_view name, bool needed) {
    std::string found = memberText(said, name);
    if (found.empty() && !needed) return found;
    if (!isSafeAddress(found)) throw error(Code::unavailable, "the identity provider's {} is not an https URL", name);
    return found;
  };
  Metadata read{address("authorization_endpoint", options_.signsIn), address("token_endpoint", options_.signsIn),
                address("jwks_uri", true), address("userinfo_endpoint", false), address("end_session_endpoint", false)};
  if (const json::value* methods = said.if_contains("token_endpoint_auth_methods_supported");
      methods && methods->is_array())
    read.secretInBody =
        std::ranges::find(methods->as_array(), json::value("client_secret_basic")) == methods->as_array().end() &&
        std::ranges::find(methods->as_array(), json::value("client_secret_post")) != methods->as_array().end();
  return read;
}

std::optional<Metadata> Provider::knownMetadata() { return known_.lock()->metadata; }

Metadata Provider::metadata() {
  {
    auto known = known_.lock();
    if (known->metadata && within(known->metadataAt, freshFor)) return *known->metadata;
  }
  std::string issuer = options_.issuer;
  if (issuer.ends_with('/')) issuer.pop_back();
  Metadata read = readMetadata(get(issuer + "/.well-known/openid-configuration", "discovery document"));
  auto known = known_.lock();
  known->metadata = read;
  known->metadataAt = outside_.now();
  return read;
}

std::vector<crypto::Jwk> Provider::fetchKeys() {
  std::string text = get(metadata().keys, "keys");
  std::vector<crypto::Jwk> keys = crypto::readJwkSet(text);
  auto known = known_.lock();
  known->keys = keys;
  known->keysAt = outside_.now();
  return keys;
}

std::vector<crypto::Jwk> Provider::keys() {
  {
    auto known = known_.lock();
    if (known->keys && within(known->keysAt, freshFor)) return *known->keys;
    known->askedAt = outside_.now();
  }
  return fetchKeys();
}

crypto::Jwk Provider::keyOf(const crypto::Jws& token) {
  std::vector<crypto::Jwk> keys = this->keys();
  if (const crypto::Jwk* found = find(keys, token)) return *found;
  bool due = false;
  {
    auto known = known_.lock();
    due = !within(known->askedAt, keysEvery);
    if (due) known->askedAt = outside_.now();
  }
  if (due) {
    keys = fetchKeys();
    if (const crypto::Jwk* found = find(keys, token)) return *found;
  }
  throw Error(Code::unauthenticated, "the identity provider signed with a key that it does not publish");
}

Tokens Provider::exchange(const std::string& code, const std::string& redirect, const std::string& verifier) {
  Metadata to = metadata();
  std::vector<std::pair<std::string_view, std::string_view>> fields = {
      {"grant_type", "authorization_code"}, {"code", code}, {"redirect_uri", redirect}, {"code_verifier", verifier}};
  http::ClientRequest request;
  request.method = "POST";
  request.url = to.token;
  request.headers.set("Content-Type", "application/x-www-form-urlencoded");
  if (options_.clientSecret.empty() || to.secretInBody) {
    fields.emplace_back("client_id", options_.clientId);
    if (!options_.clientSecret.empty()) fields.emplace_back("client_secret", options_.clientSecret);
  } else {
    // RFC 6749 section 2.3.1: both are form-encoded before they become Basic credentials.
    std::string pair = percentEncode(options_.clientId) + ":" + percentEncode(options_.clientSecret);
    request.headers.set("Authorization", "Basic " + base64Encode(pair));
  }
  request.body = form(fields);
  http::Response response = ask(std::move(request));
  json::value value = response.status == 200 || response.status == 400 || response.status == 401
                          ? parsed(response.body, "answer to the code")
                          : json::value(json::object());
  const json::object& said = objectOf(value, "answer to the code");
  if (response.status != 200)
    throw error(Code::unavailable, "the identity provider rejected the code ({}: {})", response.status,
                shownCode(memberText(said, "error")));
  Tokens tokens{memberText(said, "id_token"), memberText(said, "access_token")};
  if (tokens.id.empty()) throw Error(Code::unavailable, "the identity provider sent no ID token");
  return tokens;
}

json::object Provider::userinfo(const std::string& accessToken) {
  http::ClientRequest request;
  request.url = metadata().userinfo;
  request.headers.set("Authorization", "Bearer " + accessToken);
  http::Response response = ask(std::move(request));
  if (response.status != 200)
    throw error(Code::unavailable, "the identity provider responds {} to the userinfo request", response.status);
  json::value value = parsed(response.body, "userinfo");
  return objectOf(value, "userinfo");
}

}  // namespace regesta::access::oidc

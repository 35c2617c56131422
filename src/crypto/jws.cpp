#include "crypto/jws.h"

#include <optional>

#include "base/encoding.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits_sign_in.h"
#include "base/text.h"

namespace regesta::crypto {
namespace {

constexpr std::size_t coordinateBytes = 32;  // of P-256 and of Ed25519

std::optional<JwsAlgorithm> algorithmOf(std::string_view name) {
  if (name == "RS256") return JwsAlgorithm::rs256;
  if (name == "ES256") return JwsAlgorithm::es256;
  if (name == "EdDSA") return JwsAlgorithm::eddsa;
  return std::nullopt;
}

std::string_view nameOf(JwsAlgorithm algorithm) {
  switch (algorithm) {
    case JwsAlgorithm::rs256:
      return "RS256";
    case JwsAlgorithm::es256:
      return "ES256";
    case JwsAlgorithm::eddsa:
      return "EdDSA";
  }
  return "";
}

std::string bytesOf(const json::object& object, std::string_view name) {
  return base64UrlDecode(memberText(object, name)).value_or("");
}

std::string decoded(std::string_view part, std::string_view what) {
  if (auto bytes = base64UrlDecode(part)) return *std::move(bytes);
  throw error(Code::invalid, "the token's {} is not base64url", what);
}

/// The one algorithm of a key's type; nothing for keys of other types and with too little in them.
std::optional<JwsAlgorithm> fitting(const json::object& key) {
  std::string type = memberText(key, "kty"), curve = memberText(key, "crv");
  if (type == "RSA") return JwsAlgorithm::rs256;
  if (type == "EC" && curve == "P-256") return JwsAlgorithm::es256;
  if (type == "OKP" && curve == "Ed25519") return JwsAlgorithm::eddsa;
  return std::nullopt;
}

bool isForSigning(const json::object& key, JwsAlgorithm algorithm) {
  std::string use = memberText(key, "use"), named = memberText(key, "alg");
  return (use.empty() || use == "sig") && (named.empty() || named == nameOf(algorithm));
}

bool isWhole(const Jwk& key) {
  switch (key.algorithm) {
    case JwsAlgorithm::rs256:
      return !key.modulus.empty() && !key.exponent.empty();
    case JwsAlgorithm::es256:
      return key.x.size() == coordinateBytes && key.y.size() == coordinateBytes;
    case JwsAlgorithm::eddsa:
      return key.x.size() == coordinateBytes;
  }
  return false;
}

}  // namespace

Jws parseJws(std::string_view compact) {
  if (compact.size() > limits::idToken)
    throw error(Code::invalid, "the token is larger than {} bytes", limits::idToken);
  std::vector<std::string_view> parts = split(compact, '.');
  if (parts.size() != 3) throw Error(Code::invalid, "the token does not have three parts");
  json::value header = parseJson(decoded(parts[0], "header"));
  if (!header.is_object()) throw Error(Code::invalid, "the token's header is not a JSON object");
  const json::object& said = header.as_object();
  std::string name = memberText(said, "alg");
  auto algorithm = algorithmOf(name);
  if (!algorithm)
    throw error(Code::invalid, "the token is signed with '{}'; use RS256, ES256 or EdDSA",
                isUtf8(name) ? shorten(name, 40) : "?");
  // A token must be refused if it lists an unknown extension there, such as "b64".
  if (said.contains("crit")) throw Error(Code::invalid, "the token asks for an extension that is not known here");
  return {*algorithm, memberText(said, "kid"), std::string(compact.substr(0, compact.rfind('.'))),
          decoded(parts[1], "payload"), decoded(parts[2], "signature")};
}

std::vector<Jwk> readJwkSet(std::string_view text) {
  json::value set = parseJson(text);
  const json::value* list = set.is_object() ? set.as_object().if_contains("keys") : nullptr;
  if (!list || !list->is_array()) throw Error(Code::invalid, "this is not a key set");
  if (list->as_array().size() > limits::signingKeys)
    throw error(Code::invalid, "a set of more than {} keys", limits::signingKeys);
  std::vector<Jwk> keys;
  for (const json::value& item : list->as_array()) {
    if (!item.is_object()) throw Error(Code::invalid, "a key of the set is not a JSON object");
    const json::object& key = item.as_object();
    auto algorithm = fitting(key);
    if (!algorithm || !isForSigning(key, *algorithm)) continue;
    Jwk read{*algorithm,        memberText(key, "kid"), bytesOf(key, "n"),
             bytesOf(key, "e"), bytesOf(key, "x"),      bytesOf(key, "y")};
    if (isWhole(read)) keys.push_back(std::move(read));
  }
  return keys;
}

}  // namespace regesta::crypto

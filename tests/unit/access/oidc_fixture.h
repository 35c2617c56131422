#pragma once
#include <string>

#include "access/oidc/options.h"
#include "base/encoding.h"
#include "crypto/sign.h"
#include "support/governance_test.h"

namespace regesta::access::oidc {

inline const std::string issuer = "https://id.example";

/// A provider's key and what it signs.
struct Signer {
  crypto::KeyPair key = crypto::generateKeyPair();
  std::string id = "k1";

  std::string set() const {
    return canonicalJson(json::object{
        {"keys", json::array{json::object{
                     {"kty", "OKP"}, {"crv", "Ed25519"}, {"kid", id}, {"x", base64UrlEncode(key.publicKey)}}}}});
  }
  std::string sign(const json::object& claims) const {
    std::string text = base64UrlEncode(canonicalJson(json::object{{"alg", "EdDSA"}, {"kid", id}})) + "." +
                       base64UrlEncode(canonicalJson(claims));
    return text + "." + base64UrlEncode(crypto::sign(key, text));
  }
};

inline Options someOptions() {
  Options options;
  options.issuer = issuer;
  options.clientId = "regesta";
  options.clientSecret = "s3cret";
  options.label = "Example";
  return options;
}

}  // namespace regesta::access::oidc

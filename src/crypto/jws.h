#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "crypto/ec_key.h"

namespace regesta::crypto {

/// Signatures of JSON Web Tokens (RFC 7515). These three algorithms and no others exist here, so no
/// token can ask for "none" or for an HMAC under a public key.
enum class JwsAlgorithm { rs256, es256, eddsa };

/// A token in compact form, taken apart. Nothing of it is to be believed before verifyJws() said so.
struct Jws {
  JwsAlgorithm algorithm = JwsAlgorithm::rs256;
  std::string keyId;       ///< "kid"; empty: none
  std::string signedText;  ///< what the signature covers
  std::string payload;     ///< decoded
  std::string signature;   ///< decoded
};
/// Throws Error{invalid} that says what is wrong with it: no three parts, an algorithm that is not supported, an
/// extension that must be understood ("crit").
Jws parseJws(std::string_view compact);

/// A public key (RFC 7517, RFC 8037), its numbers as big-endian bytes.
struct Jwk {
  JwsAlgorithm algorithm = JwsAlgorithm::rs256;  ///< the one that keys of its type are for
  std::string keyId;
  std::string modulus, exponent;  ///< RSA
  std::string x, y;               ///< P-256; Ed25519 has x alone
};
/// The keys of a set that sign with one of the three algorithms; others are passed over, as the standard wants it.
/// Throws Error{invalid} if the text is not a key set or has more than limits::signingKeys keys.
std::vector<Jwk> readJwkSet(std::string_view text);

/// False as well for a key of another type than the token's algorithm, and for one that is too small, too large or no
/// point of its curve.
bool verifyJws(const Jws& token, const Jwk& key);

/// The payload as a token in compact form, signed with ES256 by a private P-256 key, whose id() is the "kid".
std::string signJws(const EcKey& key, std::string_view payload);

}  // namespace regesta::crypto

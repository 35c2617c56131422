#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace regesta::crypto {

/// Ed25519 (RFC 8032). `seed` and `publicKey` are 32 raw bytes, a signature is 64.
struct KeyPair {
  std::string seed;
  std::string publicKey;
};
KeyPair generateKeyPair();
KeyPair keyPairFromSeed(std::string_view seed);
std::string sign(const KeyPair& key, std::string_view message);
/// False for a wrong signature and for a key or signature of the wrong length.
bool verify(std::string_view publicKey, std::string_view message, std::string_view signature);

}  // namespace regesta::crypto

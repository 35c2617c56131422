#include "crypto/sign.h"

#include <sodium.h>

#include "base/error.h"
#include "base/id.h"
#include "crypto/sodium.h"

namespace regesta::crypto {
namespace {

static_assert(crypto_sign_SEEDBYTES == 32 && crypto_sign_PUBLICKEYBYTES == 32 && crypto_sign_BYTES == 64);

const unsigned char* raw(std::string_view bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }
unsigned char* raw(std::string& bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

}  // namespace

KeyPair keyPairFromSeed(std::string_view seed) {
  initSodium();
  if (seed.size() != crypto_sign_SEEDBYTES)
    throw error(Code::invalid, "an Ed25519 seed has 32 bytes, not {}", seed.size());
  KeyPair key{std::string(seed), std::string(crypto_sign_PUBLICKEYBYTES, '\0')};
  std::array<unsigned char, crypto_sign_SECRETKEYBYTES> secret;
  crypto_sign_seed_keypair(raw(key.publicKey), secret.data(), raw(seed));
  sodium_memzero(secret.data(), secret.size());
  return key;
}

KeyPair generateKeyPair() { return keyPairFromSeed(randomBytes(crypto_sign_SEEDBYTES)); }

std::string sign(const KeyPair& key, std::string_view message) {
  initSodium();
  REGESTA_INVARIANT(key.seed.size() == crypto_sign_SEEDBYTES && key.publicKey.size() == crypto_sign_PUBLICKEYBYTES);
  // libsodium's secret key is the seed followed by the public key.
  std::string secret = key.seed + key.publicKey;
  std::string signature(crypto_sign_BYTES, '\0');
  crypto_sign_detached(raw(signature), nullptr, raw(message), message.size(), raw(secret));
  sodium_memzero(secret.data(), secret.size());
  return signature;
}

bool verify(std::string_view publicKey, std::string_view message, std::string_view signature) {
  initSodium();
  if (publicKey.size() != crypto_sign_PUBLICKEYBYTES || signature.size() != crypto_sign_BYTES) return false;
  return crypto_sign_verify_detached(raw(signature), raw(message), message.size(), raw(publicKey)) == 0;
}

}  // namespace regesta::crypto

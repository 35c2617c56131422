#include "crypto/password.h"

#include <sodium.h>

#include "base/encoding.h"
#include "base/error.h"
#include "base/id.h"
#include "crypto/hash.h"
#include "crypto/sodium.h"

namespace regesta::crypto {
namespace {

// OWASP's first choice for argon2id: 19 MiB, two passes. Sixteen log-ins at once stay within 300 MiB.
constexpr unsigned long long passes = 2;
constexpr std::size_t memoryBytes = 19 * 1024 * 1024;

}  // namespace

std::string hashPassword(std::string_view password) {
  initSodium();
  std::array<char, crypto_pwhash_STRBYTES> out;
  if (crypto_pwhash_str_alg(out.data(), password.data(), password.size(), passes, memoryBytes,
                            crypto_pwhash_ALG_ARGON2ID13) != 0) {
    throw Error(Code::unavailable, "not enough memory to hash a password now");
  }
  return out.data();
}

bool checkPassword(std::string_view hashed, std::string_view password) {
  initSodium();
  if (hashed.size() >= crypto_pwhash_STRBYTES || hashed.find('\0') != std::string_view::npos) return false;
  std::array<char, crypto_pwhash_STRBYTES> text{};
  std::copy(hashed.begin(), hashed.end(), text.begin());
  return crypto_pwhash_str_verify(text.data(), password.data(), password.size()) == 0;
}

std::string newToken(std::string_view prefix) { return std::string(prefix) + base64UrlEncode(randomBytes(32)); }
std::string hashToken(std::string_view token) { return sha256Hex(token); }

bool constantTimeEquals(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace regesta::crypto

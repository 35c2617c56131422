#include "crypto/mac.h"

#include <openssl/crypto.h>

#include "base/encoding.h"
#include "base/error.h"
#include "crypto/hash.h"

namespace regesta::crypto {
namespace {

void appendSized(std::string& into, std::string_view part) {
  for (int shift = 56; shift >= 0; shift -= 8)
    into.push_back(static_cast<char>((static_cast<std::uint64_t>(part.size()) >> shift) & 0xff));
  into.append(part);
}

}  // namespace

MacKey MacKey::derive(std::string_view secret, std::string_view purpose) {
  REGESTA_INVARIANT(secret.size() >= 32 && !purpose.empty());
  // Extract with the empty salt, which RFC 5869 takes as 32 zero bytes, then one block of expand.
  std::string extracted = hmacSha256(std::string(32, '\0'), secret);
  return MacKey(hmacSha256(extracted, std::string(purpose) + '\x01'));
}

std::string MacKey::tag(std::initializer_list<std::string_view> parts) const {
  std::string message;
  for (std::string_view part : parts) appendSized(message, part);
  return hexEncode(hmacSha256(key_, message));
}

bool MacKey::verify(std::initializer_list<std::string_view> parts, std::string_view claimed) const {
  std::string right = tag(parts);
  return claimed.size() == right.size() && CRYPTO_memcmp(claimed.data(), right.data(), right.size()) == 0;
}

}  // namespace regesta::crypto

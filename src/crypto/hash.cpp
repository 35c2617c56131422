#include "crypto/hash.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/encoding.h"
#include "base/error.h"

namespace regesta::crypto {
namespace {

/// A fetched algorithm hashes a short message in a third of the time of EVP_sha256(), which looks itself up on every
/// use.
const EVP_MD* fetched(const char* name) {
  const EVP_MD* algorithm = EVP_MD_fetch(nullptr, name, nullptr);
  if (!algorithm) throw error(Code::unsupported, "this system's OpenSSL has no {}", name);
  return algorithm;
}
const EVP_MD* sha256Algorithm() {
  static const EVP_MD* const algorithm = fetched("SHA256");
  return algorithm;
}
using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;
Context newContext() {
  Context context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  REGESTA_INVARIANT(context);
  return context;
}

std::size_t digest(const EVP_MD* algorithm, std::string_view bytes, unsigned char* out) {
  thread_local Context context = newContext();
  unsigned length = 0;
  REGESTA_INVARIANT(EVP_DigestInit_ex2(context.get(), algorithm, nullptr) == 1 &&
                    EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1 &&
                    EVP_DigestFinal_ex(context.get(), out, &length) == 1);
  return length;
}

std::string_view asText(const unsigned char* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

}  // namespace

Hash sha256(std::string_view bytes) {
  Hash hash;
  digest(sha256Algorithm(), bytes, hash.data());
  return hash;
}

std::string_view view(const Hash& hash) { return asText(hash.data(), hash.size()); }
std::string hex(const Hash& hash) { return hexEncode(view(hash)); }
std::string sha256Hex(std::string_view bytes) { return hex(sha256(bytes)); }

std::string hmacSha256(std::string_view key, std::string_view bytes) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  // OpenSSL takes a null key as "use the previous key".
  const char* keyBytes = key.empty() ? "" : key.data();
  REGESTA_INVARIANT(HMAC(sha256Algorithm(), keyBytes, static_cast<int>(key.size()),
                         reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), out, &length));
  return std::string(asText(out, length));
}

struct Sha256::State {
  Context context = newContext();
  bool finished = false;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  REGESTA_INVARIANT(EVP_DigestInit_ex2(state_->context.get(), sha256Algorithm(), nullptr) == 1);
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::string_view bytes) {
  REGESTA_INVARIANT(!state_->finished);
  REGESTA_INVARIANT(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1);
}

Hash Sha256::finish() {
  REGESTA_INVARIANT(!state_->finished);
  state_->finished = true;
  Hash hash;
  unsigned length = 0;
  REGESTA_INVARIANT(EVP_DigestFinal_ex(state_->context.get(), hash.data(), &length) == 1 && length == hash.size());
  return hash;
}

}  // namespace regesta::crypto

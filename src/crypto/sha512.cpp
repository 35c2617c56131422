#include "crypto/sha512.h"

#include <openssl/evp.h>

#include "base/encoding.h"
#include "base/error.h"

namespace regesta::crypto {

struct Sha512::State {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
};

Sha512::Sha512() : state_(std::make_unique<State>()) {
  if (!state_->context || EVP_DigestInit_ex(state_->context.get(), EVP_sha512(), nullptr) != 1)
    throw Error(Code::unsupported, "this system's OpenSSL has no SHA-512");
}
Sha512::~Sha512() = default;

void Sha512::update(std::string_view bytes) {
  REGESTA_INVARIANT(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1);
}

std::string Sha512::finish() {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  REGESTA_INVARIANT(EVP_DigestFinal_ex(state_->context.get(), out, &length) == 1);
  return hexEncode({reinterpret_cast<const char*>(out), length});
}

}  // namespace regesta::crypto

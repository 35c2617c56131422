#include "crypto/md5.h"

#include <openssl/evp.h>

#include "base/encoding.h"
#include "base/error.h"

namespace regesta::crypto {

struct Md5::State {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
};

Md5::Md5() : state_(std::make_unique<State>()) {
  if (!state_->context || EVP_DigestInit_ex(state_->context.get(), EVP_md5(), nullptr) != 1)
    throw Error(Code::unsupported, "this system's OpenSSL has no MD5");
}
Md5::~Md5() = default;
Md5::Md5(Md5&&) noexcept = default;
Md5& Md5::operator=(Md5&&) noexcept = default;

void Md5::update(std::string_view bytes) {
  REGESTA_INVARIANT(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1);
}

std::string Md5::finish() {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  REGESTA_INVARIANT(EVP_DigestFinal_ex(state_->context.get(), out, &length) == 1);
  return hexEncode({reinterpret_cast<const char*>(out), length});
}

}  // namespace regesta::crypto

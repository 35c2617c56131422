#include "crypto/rsa.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>

namespace regesta::crypto {
namespace {

template <auto free>
struct Freed {
  void operator()(auto* pointer) const { free(pointer); }
};

const unsigned char* raw(std::string_view bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }

}  // namespace

std::optional<std::string> signRs256(std::string_view pem, std::string_view message) {
  std::unique_ptr<BIO, Freed<BIO_free>> text(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (!text) return std::nullopt;
  std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>> key(PEM_read_bio_PrivateKey(text.get(), nullptr, nullptr, nullptr));
  std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
  if (!key || !context || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) return std::nullopt;
  std::size_t size = 0;
  if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, raw(message), message.size()) != 1)
    return std::nullopt;
  std::string signature(size, '\0');
  auto* out = reinterpret_cast<unsigned char*>(signature.data());
  if (EVP_DigestSign(context.get(), out, &size, raw(message), message.size()) != 1) return std::nullopt;
  signature.resize(size);
  return signature;
}

}  // namespace regesta::crypto

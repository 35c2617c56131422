#include "crypto/ec_key.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include "base/error.h"
#include "crypto/hash.h"

namespace regesta::crypto {
namespace {

template <auto free>
struct FreedEc {
  void operator()(auto* pointer) const { free(pointer); }
};
template <class T, auto free>
using Own = std::unique_ptr<T, FreedEc<free>>;
using OwnKey = Own<EVP_PKEY, EVP_PKEY_free>;

const unsigned char* rawBytes(std::string_view bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }

Own<BIO, BIO_free> readable(std::string_view text) {
  return Own<BIO, BIO_free>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// A key that needs a passphrase is refused instead of asked for.
int noPassphrase(char*, int, int, void*) { return -1; }

const EVP_MD* digestFor(std::string_view curve) {
  return curve == "P-256" ? EVP_sha256() : curve == "P-384" ? EVP_sha384() : EVP_sha512();
}

}  // namespace

struct EcKey::Parts {
  OwnKey key;
  bool isPrivate = false;
  std::string curve, pem;
};

std::expected<EcKey, std::string> EcKey::fromPem(std::string_view pem) {
  auto parts = std::make_shared<Parts>();
  if (pem.find("PRIVATE KEY") != std::string_view::npos) {
    parts->key.reset(PEM_read_bio_PrivateKey(readable(pem).get(), nullptr, noPassphrase, nullptr));
    parts->isPrivate = true;
  } else {
    parts->key.reset(PEM_read_bio_PUBKEY(readable(pem).get(), nullptr, nullptr, nullptr));
  }
  ERR_clear_error();
  if (!parts->key)
    return std::unexpected("it is not a key in PEM without a passphrase (BEGIN PUBLIC KEY, BEGIN PRIVATE KEY)");
  char group[64] = "";
  std::size_t length = 0;
  if (EVP_PKEY_get_base_id(parts->key.get()) == EVP_PKEY_EC &&
      EVP_PKEY_get_utf8_string_param(parts->key.get(), OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group, &length) == 1) {
    std::string_view name(group, length);
    parts->curve = name == "prime256v1" ? "P-256" : name == "secp384r1" ? "P-384" : name == "secp521r1" ? "P-521" : "";
  }
  if (parts->curve.empty()) return std::unexpected("it is not an elliptic-curve key on P-256, P-384 or P-521");
  Own<BIO, BIO_free> out(BIO_new(BIO_s_mem()));
  PEM_write_bio_PUBKEY(out.get(), parts->key.get());
  char* text = nullptr;
  long size = BIO_get_mem_data(out.get(), &text);
  parts->pem.assign(text, static_cast<std::size_t>(size));
  return EcKey(std::move(parts));
}

EcKey EcKey::fromSecret(std::string_view secret) {
  REGESTA_INVARIANT(secret.size() == 32);
  Own<EC_GROUP, EC_GROUP_free> group(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
  Own<BIGNUM, BN_free> scalar(BN_bin2bn(rawBytes(secret), static_cast<int>(secret.size()), nullptr));
  Own<BIGNUM, BN_free> most(BN_dup(EC_GROUP_get0_order(group.get())));
  Own<BN_CTX, BN_CTX_free> context(BN_CTX_new());
  // 1 … order - 1
  BN_sub_word(most.get(), 1);
  BN_mod(scalar.get(), scalar.get(), most.get(), context.get());
  BN_add_word(scalar.get(), 1);
  Own<EC_POINT, EC_POINT_free> point(EC_POINT_new(group.get()));
  EC_POINT_mul(group.get(), point.get(), scalar.get(), nullptr, nullptr, context.get());
  unsigned char encoded[65];
  std::size_t size = EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED, encoded,
                                        sizeof encoded, context.get());
  Own<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free> build(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(build.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
  OSSL_PARAM_BLD_push_octet_string(build.get(), OSSL_PKEY_PARAM_PUB_KEY, encoded, size);
  OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_PRIV_KEY, scalar.get());
  Own<OSSL_PARAM, OSSL_PARAM_free> params(OSSL_PARAM_BLD_to_param(build.get()));
  Own<EVP_PKEY_CTX, EVP_PKEY_CTX_free> maker(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* key = nullptr;
  if (EVP_PKEY_fromdata_init(maker.get()) != 1 ||
      EVP_PKEY_fromdata(maker.get(), &key, EVP_PKEY_KEYPAIR, params.get()) != 1)
    throw Error(Code::internal, "the key for attestations could not be made");
  OwnKey owned(key);
  Own<BIO, BIO_free> out(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  char* text = nullptr;
  long length = BIO_get_mem_data(out.get(), &text);
  return fromPem(std::string_view(text, static_cast<std::size_t>(length))).value();
}

bool EcKey::isPrivate() const { return parts_->isPrivate; }
std::string EcKey::curve() const { return parts_->curve; }
std::string EcKey::publicPem() const { return parts_->pem; }
std::string EcKey::id() const { return sha256Hex(parts_->pem); }

std::string EcKey::sign(std::string_view message) const {
  REGESTA_INVARIANT(parts_->isPrivate);
  Own<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  std::size_t size = 0;
  bool good = EVP_DigestSignInit(context.get(), nullptr, digestFor(parts_->curve), nullptr, parts_->key.get()) == 1 &&
              EVP_DigestSign(context.get(), nullptr, &size, rawBytes(message), message.size()) == 1;
  std::string signature(size, '\0');
  good = good && EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                                rawBytes(message), message.size()) == 1;
  if (!good) throw Error(Code::internal, "the key could not sign");
  signature.resize(size);
  return signature;
}

bool EcKey::verify(std::string_view message, std::string_view signature) const {
  Own<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  bool good =
      EVP_DigestVerifyInit(context.get(), nullptr, digestFor(parts_->curve), nullptr, parts_->key.get()) == 1 &&
      EVP_DigestVerify(context.get(), rawBytes(signature), signature.size(), rawBytes(message), message.size()) == 1;
  ERR_clear_error();
  return good;
}

}  // namespace regesta::crypto

// OpenSSL's half of crypto/jws.h.
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/params.h>

#include <memory>

#include "base/encoding.h"
#include "base/error.h"
#include "base/json.h"
#include "crypto/jws.h"
#include "crypto/sign.h"

namespace regesta::crypto {
namespace {

constexpr int smallestModulus = 2048, largestModulus = 8192;  // bits: weak below, slow above
constexpr std::size_t largestExponent = 4;                    // bytes; 65537 takes three
constexpr std::size_t halfSignature = 32;                     // of ES256: r, then s

template <auto free>
struct Freed {
  void operator()(auto* pointer) const { free(pointer); }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;
using Number = std::unique_ptr<BIGNUM, Freed<BN_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Freed<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Freed<OSSL_PARAM_free>>;
using Signature = std::unique_ptr<ECDSA_SIG, Freed<ECDSA_SIG_free>>;

const unsigned char* raw(std::string_view bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }

Number number(std::string_view bytes) { return Number(BN_bin2bn(raw(bytes), static_cast<int>(bytes.size()), nullptr)); }

Key keyFrom(const char* type, OSSL_PARAM* params) {
  KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* made = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) != 1) return nullptr;
  if (EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, params) != 1) return nullptr;
  return Key(made);
}

Key rsaKey(const Jwk& key) {
  // Before any arithmetic: a key of a megabyte would cost minutes.
  if (key.modulus.size() > largestModulus / 8 || key.exponent.size() > largestExponent) return nullptr;
  Number modulus = number(key.modulus), exponent = number(key.exponent);
  if (!modulus || !exponent || BN_num_bits(modulus.get()) < smallestModulus) return nullptr;
  if (!BN_is_odd(exponent.get()) || BN_is_one(exponent.get())) return nullptr;
  Builder builder(OSSL_PARAM_BLD_new());
  if (!builder || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) != 1)
    return nullptr;
  Params params(OSSL_PARAM_BLD_to_param(builder.get()));
  return params ? keyFrom("RSA", params.get()) : nullptr;
}

Key ecKey(const Jwk& key) {
  std::string group = "prime256v1", point = "\x04" + key.x + key.y;
  OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group.data(), 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()),
      OSSL_PARAM_construct_end(),
  };
  Key made = keyFrom("EC", params);
  if (!made) return nullptr;
  KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, made.get(), nullptr));
  return context && EVP_PKEY_public_check(context.get()) == 1 ? std::move(made) : nullptr;
}

/// ES256 writes the two numbers one after the other; OpenSSL wants them in DER.
std::string inDer(std::string_view signature) {
  if (signature.size() != 2 * halfSignature) return {};
  Number r = number(signature.substr(0, halfSignature)), s = number(signature.substr(halfSignature));
  Signature pair(ECDSA_SIG_new());
  if (!r || !s || !pair || ECDSA_SIG_set0(pair.get(), r.get(), s.get()) != 1) return {};
  (void)r.release();  // the pair owns them now
  (void)s.release();
  unsigned char* bytes = nullptr;
  int size = i2d_ECDSA_SIG(pair.get(), &bytes);
  if (size <= 0) return {};
  std::string der(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return der;
}

std::string halfOf(const BIGNUM* value) {
  std::string bytes(halfSignature, '\0');
  BN_bn2binpad(value, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  return bytes;
}

/// The other way.
std::string fromDer(std::string_view der) {
  const unsigned char* at = raw(der);
  Signature pair(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  REGESTA_INVARIANT(pair);
  return halfOf(ECDSA_SIG_get0_r(pair.get())) + halfOf(ECDSA_SIG_get0_s(pair.get()));
}

bool verifySha256(EVP_PKEY* key, std::string_view message, std::string_view signature) {
  DigestContext context(EVP_MD_CTX_new());
  return context && EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
         EVP_DigestVerify(context.get(), raw(signature), signature.size(), raw(message), message.size()) == 1;
}

bool verifyWith(const Key& key, std::string_view message, std::string_view signature) {
  bool right = key && !signature.empty() && verifySha256(key.get(), message, signature);
  ERR_clear_error();  // TLS on this thread would take what is left there for its own
  return right;
}

}  // namespace

bool verifyJws(const Jws& token, const Jwk& key) {
  if (token.algorithm != key.algorithm) return false;
  switch (key.algorithm) {
    case JwsAlgorithm::rs256:
      return verifyWith(rsaKey(key), token.signedText, token.signature);
    case JwsAlgorithm::es256:
      return verifyWith(ecKey(key), token.signedText, inDer(token.signature));
    case JwsAlgorithm::eddsa:
      return verify(key.x, token.signedText, token.signature);
  }
  return false;
}

std::string signJws(const EcKey& key, std::string_view payload) {
  REGESTA_INVARIANT(key.curve() == "P-256");
  json::object header{{"alg", "ES256"}, {"kid", key.id()}, {"typ", "JWT"}};
  std::string text = base64UrlEncode(json::serialize(header)) + '.' + base64UrlEncode(payload);
  return text + '.' + base64UrlEncode(fromDer(key.sign(text)));
}

}  // namespace regesta::crypto

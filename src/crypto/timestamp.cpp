#include "crypto/timestamp.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/ts.h>
#include <openssl/x509.h>

#include <ctime>
#include <memory>
#include <vector>

#include "base/error.h"

namespace regesta::crypto {
namespace {

template <auto free>
struct FreedTs {
  void operator()(auto* pointer) const { free(pointer); }
};
template <class T, auto free>
using Owned = std::unique_ptr<T, FreedTs<free>>;

/// The newest reason that OpenSSL gives, and none is left.
std::string reasonOf(std::string_view fallback) {
  std::string reason(fallback);
  while (unsigned long code = ERR_get_error())
    if (const char* text = ERR_reason_error_string(code)) reason = text;
  return reason;
}

Owned<ASN1_INTEGER, ASN1_INTEGER_free> integerOf(std::string_view bytes) {
  Owned<BIGNUM, BN_free> number(
      BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()), nullptr));
  return Owned<ASN1_INTEGER, ASN1_INTEGER_free>(BN_to_ASN1_INTEGER(number.get(), nullptr));
}

void freeStore(X509_STORE* store) { X509_STORE_free(store); }

X509_STORE* storeOf(std::string_view ca) {
  Owned<X509_STORE, freeStore> store(X509_STORE_new());
  Owned<BIO, BIO_free> text(BIO_new_mem_buf(ca.data(), static_cast<int>(ca.size())));
  bool any = false;
  while (X509* certificate = PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr)) {
    any = X509_STORE_add_cert(store.get(), certificate) == 1 || any;
    X509_free(certificate);
  }
  ERR_clear_error();
  return any ? store.release() : nullptr;
}

std::optional<std::int64_t> millisOf(const ASN1_GENERALIZEDTIME* time) {
  std::tm parts{};
  if (!time || ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
  return static_cast<std::int64_t>(timegm(&parts)) * 1000;
}

}  // namespace

std::string timestampRequest(const Hash& digest, std::string_view nonce) {
  Owned<TS_REQ, TS_REQ_free> request(TS_REQ_new());
  Owned<TS_MSG_IMPRINT, TS_MSG_IMPRINT_free> imprint(TS_MSG_IMPRINT_new());
  Owned<X509_ALGOR, X509_ALGOR_free> algorithm(X509_ALGOR_new());
  Hash bytes = digest;
  bool good = request && imprint && algorithm && TS_REQ_set_version(request.get(), 1) == 1 &&
              X509_ALGOR_set0(algorithm.get(), OBJ_nid2obj(NID_sha256), V_ASN1_NULL, nullptr) == 1 &&
              TS_MSG_IMPRINT_set_algo(imprint.get(), algorithm.get()) == 1 &&
              TS_MSG_IMPRINT_set_msg(imprint.get(), bytes.data(), static_cast<int>(bytes.size())) == 1 &&
              TS_REQ_set_msg_imprint(request.get(), imprint.get()) == 1 &&
              TS_REQ_set_nonce(request.get(), integerOf(nonce).get()) == 1 &&
              TS_REQ_set_cert_req(request.get(), 1) == 1;
  unsigned char* der = nullptr;
  int size = good ? i2d_TS_REQ(request.get(), &der) : -1;
  if (size <= 0) throw error(Code::internal, "a timestamp request could not be made: {}", reasonOf("OpenSSL failed"));
  std::string text(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return text;
}

std::expected<Timestamp, std::string> readTimestamp(std::string_view response, const Hash& digest,
                                                    std::string_view nonce, std::string_view ca) {
  ERR_clear_error();
  const auto* der = reinterpret_cast<const unsigned char*>(response.data());
  Owned<TS_RESP, TS_RESP_free> parsed(d2i_TS_RESP(nullptr, &der, static_cast<long>(response.size())));
  if (!parsed) return std::unexpected("it is not an RFC 3161 response: " + reasonOf("not DER"));
  const TS_STATUS_INFO* status = TS_RESP_get_status_info(parsed.get());
  long granted = ASN1_INTEGER_get(TS_STATUS_INFO_get0_status(status));
  if (granted != 0 && granted != 1)
    return std::unexpected(fmt::format("the authority refused the timestamp (status {})", granted));
  Owned<TS_VERIFY_CTX, TS_VERIFY_CTX_free> context(TS_VERIFY_CTX_new());
  int flags = TS_VFY_VERSION | TS_VFY_IMPRINT;
  auto* imprint = static_cast<unsigned char*>(OPENSSL_memdup(digest.data(), digest.size()));
  TS_VERIFY_CTX_set_imprint(context.get(), imprint, static_cast<long>(digest.size()));
  if (!nonce.empty()) {
    // The context has no setter for a nonce alone.
    const ASN1_INTEGER* answered = TS_TST_INFO_get_nonce(TS_RESP_get_tst_info(parsed.get()));
    auto wanted = integerOf(nonce);
    if (!answered || ASN1_INTEGER_cmp(answered, wanted.get()) != 0)
      return std::unexpected("it has another nonce than the request: it is the answer to another one");
  }
  if (!ca.empty()) {
    X509_STORE* store = storeOf(ca);
    if (!store) return std::unexpected("the certificates of the authority's CA are not PEM");
    TS_VERIFY_CTX_set_store(context.get(), store);
    flags |= TS_VFY_SIGNATURE;
  }
  TS_VERIFY_CTX_set_flags(context.get(), flags);
  if (TS_RESP_verify_response(context.get(), parsed.get()) != 1)
    return std::unexpected("it does not verify: " + reasonOf("OpenSSL gives no reason"));
  TS_TST_INFO* info = TS_RESP_get_tst_info(parsed.get());
  auto time = millisOf(TS_TST_INFO_get_time(info));
  if (!time) return std::unexpected("it has no time");
  char policy[128] = "";
  OBJ_obj2txt(policy, sizeof policy, TS_TST_INFO_get_policy_id(info), 1);
  return Timestamp{*time, policy};
}

}  // namespace regesta::crypto

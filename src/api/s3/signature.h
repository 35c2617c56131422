#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/message.h"

namespace regesta::api::s3 {

/// The query string as it was signed: each name once, '+' is not a blank. Throws Fault{InvalidArgument}.
class Query {
 public:
  explicit Query(std::string_view text);
  /// Empty optional if missing.
  std::optional<std::string_view> get(std::string_view name) const;
  std::string text(std::string_view name) const { return std::string(get(name).value_or("")); }
  bool has(std::string_view name) const { return get(name).has_value(); }
  const std::vector<std::pair<std::string, std::string>>& all() const { return list_; }

 private:
  std::vector<std::pair<std::string, std::string>> list_;
};

/// A claim of AWS Signature Version 4 in a request's head: a header or a presigned query. Not verified.
struct Claim {
  std::string keyId, date, region, timestamp;  ///< 20261201, us-east-1, 20261201T074500Z
  std::vector<std::string> signedHeaders;
  std::string signature;
  std::string payload;  ///< what was signed as the digest of the body
  bool presigned = false;
  std::string scope() const;
};

/// The claim of a request; nothing if it has none, or another scheme (Bearer, Basic). Throws Fault for a malformed one,
/// for two at once, for older signatures and for repeated headers that a signature covers.
std::optional<Claim> readClaim(const http::Request& request, const Query& query);

/// What verified: chunks of the body continue the chain from here.
struct Verified {
  std::string signingKey, timestamp, scope;
  std::string signature;  ///< of the head, the seed of the chain
};
/// Compares the claim with the secret of its key. `now` in seconds since 1970. Throws Fault{SignatureDoesNotMatch,
/// RequestTimeTooSkewed, AccessDenied}: the last for expired presigned requests and for headers that matter and were
/// not signed.
Verified verify(const http::Request& request, const Query& query, const Claim& claim, std::string_view secret,
                std::int64_t now);
/// Throws Fault{AccessDenied} for a presigned request that is over.
void requireUnexpired(const Query& query, const Claim& claim, std::int64_t now);

/// The text whose HMAC is the signature. For tests.
std::string canonicalRequest(const http::Request& request, const Query& query, const Claim& claim);
std::string signingKey(std::string_view secret, const Claim& claim);

/// Percent-encoding as Signature Version 4 wants it: everything but letters, digits, '-', '.', '_', '~' (and '/').
std::string encoded(std::string_view text, bool keepSlash);

}  // namespace regesta::api::s3

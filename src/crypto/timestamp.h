#pragma once
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "crypto/hash.h"

/// RFC 3161 timestamps over SHA-256 digests.
namespace regesta::crypto {

/// A TimeStampReq in DER that asks for the authority's certificate. `nonce` is 8 random bytes.
std::string timestampRequest(const Hash& digest, std::string_view nonce);

struct Timestamp {
  std::int64_t time = 0;  ///< milliseconds since 1970
  std::string policy;     ///< OID of the authority's policy
};
/// Reads a TimeStampResp in DER. The unexpected value says why it does not prove that `digest` existed at a time.
/// `nonce` empty: any. `ca` is PEM text with the certificates that are trusted; empty: the signature is not verified.
std::expected<Timestamp, std::string> readTimestamp(std::string_view response, const Hash& digest,
                                                    std::string_view nonce, std::string_view ca);

}  // namespace regesta::crypto

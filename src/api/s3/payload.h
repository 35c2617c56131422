#pragma once
#include <memory>
#include <optional>
#include <string>

#include "api/s3/chunked.h"
#include "crypto/checksum.h"
#include "crypto/md5.h"

namespace regesta::api::s3 {

/// A checksum that a client sent with content, as it is stored and sent back: base64, or "base64-parts" of a composite.
struct SentChecksum {
  crypto::ChecksumKind kind{};
  std::string value;
  std::string header() const;  ///< x-amz-checksum-crc32
};
/// The checksum in a request's headers. Throws Fault for two, and for a kind that is not supported.
std::optional<SentChecksum> checksumOf(const http::Request& request);

/// The body of an upload: its coding and what must be true of its content.
class Payload {
 public:
  /// `digest` is x-amz-content-sha256, as signed; empty: none. `chain` of a verified signature.
  Payload(const http::Request& request, std::string_view digest, std::optional<Verified> chain);

  /// Of the content, from the head; empty if it says none.
  std::optional<std::uint64_t> declaredSize() const { return decodedSize_; }
  /// Passes content on as it is decoded.
  void write(std::string_view raw, const ChunkedContent::Sink& content);
  /// `sha256` of the content as hex. Throws Fault for content that is not what the client announced.
  void finish(std::string_view sha256);
  /// After finish(): lower-case hex.
  const std::string& md5() const { return md5Hex_; }
  /// After finish(), if the client sent one.
  const std::optional<SentChecksum>& checksum() const { return checksum_; }

 private:
  void addChecksum(crypto::ChecksumKind kind);

  std::optional<ChunkedContent> chunked_;
  std::string sha256_, contentMd5_, trailer_;
  std::optional<SentChecksum> checksum_;
  std::unique_ptr<crypto::Checksum> computed_;
  std::optional<std::uint64_t> decodedSize_;
  std::uint64_t size_ = 0;
  crypto::Md5 md5_;
  std::string md5Hex_;
};

}  // namespace regesta::api::s3

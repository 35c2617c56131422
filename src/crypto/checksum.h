#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace regesta::crypto {

/// Checksums that S3 clients send with content, by the names of their headers. They find faults of transport and prove
/// nothing: never decide about access or identity by one.
enum class ChecksumKind { crc32, crc32c, crc64nvme, sha1, sha256 };
std::string_view nameOf(ChecksumKind kind);  ///< "crc32"
/// In any case: "CRC32", "crc32".
std::optional<ChecksumKind> checksumKind(std::string_view name);

/// One checksum of bytes that arrive in pieces.
class Checksum {
 public:
  static std::unique_ptr<Checksum> make(ChecksumKind kind);
  virtual ~Checksum() = default;
  virtual void update(std::string_view bytes) = 0;
  /// Raw bytes, most significant first; may be called once.
  virtual std::string finish() = 0;
};

}  // namespace regesta::crypto

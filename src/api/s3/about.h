#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/s3/payload.h"
#include "registry/tree.h"

namespace regesta::api::s3 {

/// What a client stores with a file: headers that come back with it (Content-Type, Cache-Control, …), its own
/// x-amz-meta-… and a checksum. registry::FileFacts::about is its JSON.
struct About {
  std::vector<std::pair<std::string, std::string>> headers;  ///< lower-case names, sorted
  std::vector<std::pair<std::string, std::string>> meta;     ///< without prefix, sorted
  std::optional<SentChecksum> checksum;

  std::string json() const;  ///< empty if nothing is set
  static About read(std::string_view json);
};
/// From a request's headers, without checksum. Throws Fault{MetadataTooLarge} above S3's 2 KiB, Fault{NotImplemented}
/// for headers that would promise what this server does not do (encryption, locks, tags, ACLs).
About aboutOf(const http::Request& request);

/// As clients see it, with its quotes. A file that no S3 client stored gets one from its SHA-256, in the form of a
/// multipart upload's, which nobody compares with an MD5.
std::string etagOf(const registry::TreeFile& file);
/// 2026-12-01T07:45:00.000Z, as S3's documents have it.
std::string isoTime(std::int64_t millis);

}  // namespace regesta::api::s3

#pragma once
#include <optional>
#include <string>
#include <vector>

#include "api/s3/handlers.h"
#include "registry/part_upload.h"

namespace regesta::api::s3 {

/// How the checksum of a file in parts is made: of all its content, or of the checksums of its parts.
struct ChecksumPlan {
  crypto::ChecksumKind kind{};
  bool whole = false;
  std::string text() const;  ///< as PartUpload::checksum has it
  static std::optional<ChecksumPlan> read(std::string_view text);
};
/// From x-amz-checksum-algorithm and x-amz-checksum-type. Throws Fault{InvalidRequest}.
std::optional<ChecksumPlan> planOf(const http::Request& request);

/// The upload that a request names, if it is of the request's key and under way, and the caller began it and may still
/// write there. Throws Fault{NoSuchUpload}, Error{denied}.
registry::PartUpload requireUpload(const Call& call, const Query& query, db::Transaction& transaction);
/// The same, of anybody if the caller administers the workspace.
registry::PartUpload requireUploadToAbort(const Call& call, const Query& query, db::Transaction& transaction);
/// As requireUpload(), for one that may have been completed.
registry::PartUpload requireOwnUpload(const Call& call, const Query& query, db::Transaction& transaction);
/// 1 to 10,000. Throws Fault{InvalidArgument}.
std::int64_t partNumberOf(const Query& query);

/// A part as <CompleteMultipartUpload> names it.
struct NamedPart {
  std::int64_t number = 0;
  std::string etag;  ///< without quotes
  std::optional<SentChecksum> checksum;
};
/// In ascending order. Throws Fault{MalformedXML, InvalidPartOrder}.
std::vector<NamedPart> readNamedParts(std::string_view document);
/// "MD5 of the parts' MD5s"-"number of parts".
std::string etagOfParts(const std::vector<NamedPart>& parts);
/// The stored parts that were named. Throws Fault{InvalidPart, EntityTooSmall}.
std::vector<registry::UploadPart> choose(const std::vector<NamedPart>& named,
                                         const std::vector<registry::UploadPart>& stored);

}  // namespace regesta::api::s3

#pragma once
#include <cstdint>
#include <string>

#include "api/endpoint.h"
#include "registry/part_upload.h"

namespace regesta::api::native {

/// An upload of a blob that goes on where it was cut, as tus 1.0 has it (creation, termination). What arrived are parts
/// of an upload without a path (registry/part_upload.h), which belongs to who began it.
struct ResumableUpload {
  registry::PartUpload upload;
  std::int64_t length = 0, offset = 0;
  std::string sha256;  ///< of the whole, if the client announced it
  std::int64_t parts = 0;
};

/// From Upload-Length and Upload-Metadata ("sha256 <base64 of the hex digest>"). The caller's upload of the same
/// content that is under way, or a new one. Throws Invalid, Error{tooLarge}.
ResumableUpload beginUpload(const Call& call);
/// The caller's. Throws Error{notFound}.
ResumableUpload requireUpload(const Call& call, db::Transaction& transaction, std::string_view id);
/// Adds content that arrived at upload.offset. Throws Error{conflict} if another request added some meanwhile.
void appendToUpload(const Call& call, ResumableUpload& upload, const blob::Stored& content);
/// When all content is there: makes the blob of it. Throws Error{invalid}, and forgets the upload, if its digest is not
/// the announced one.
void finishUpload(const Call& call, ResumableUpload& upload, const blob::Stored& content);

}  // namespace regesta::api::native

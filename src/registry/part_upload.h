#pragma once
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "blob/store.h"
#include "db/database.h"

namespace regesta::registry {

/// A file, or a blob without a path, that a client sends in parts (S3's multipart upload, tus). Its parts are blobs
/// that only the upload refers to, until the file is made of them. An upload that was completed stays for a day, so
/// that a client that missed the answer can ask again.
struct PartUpload {
  std::string id;  ///< random; made by createUpload()
  std::string workspace;
  std::string path;   ///< of a file; empty: of a blob, which only the front that began it knows (api/native/uploads.h)
  std::string about;  ///< FileFacts::about of the file to be, or what the front knows of the blob
  std::string checksum;  ///< kind and form that the client wants, of the front's own
  std::int64_t createdAt = 0;
  std::string createdBy;
  std::string completed;  ///< ETag of the file or digest of the blob that was made of it; empty: under way
};
struct UploadPart {
  std::int64_t number = 0;
  blob::Stored content;
  std::string etag, checksum;
  std::int64_t modifiedAt = 0;
  std::set<std::string> writers = {};  ///< who sent it, or wrote the file that it was copied from
};
/// The writers of all of them.
std::set<std::string> writersOf(const std::vector<UploadPart>& parts);

/// How long uploads that nobody completes are kept.
inline constexpr std::int64_t uploadMillis = std::int64_t{7} * 24 * 60 * 60 * 1000;
/// Uploads under way in one workspace, and those of them that one user or token began.
inline constexpr std::int64_t uploadsPerWorkspace = 10'000, uploadsPerActor = 1000;

inline constexpr std::int64_t partsPerUpload = 10'000;

/// Returns the id. Throws Error{tooLarge} if the workspace or the actor has that many.
std::string createUpload(db::Transaction& transaction, const PartUpload& upload);
/// Throws Error{corrupt} for a row that this server did not write, as all that read do.
std::optional<PartUpload> findUpload(db::Transaction& transaction, std::string_view id);
/// The newest upload under way of a blob, with the workspace, actor and `about` of this one.
std::optional<PartUpload> findBlobUpload(db::Transaction& transaction, const PartUpload& wanted);
/// Uploads of files under way whose path begins with a prefix, by path and id, after this pair.
std::vector<PartUpload> uploadsOf(db::Transaction& transaction, std::string_view workspace, std::string_view prefix,
                                  std::string_view afterPath, std::string_view afterId, std::size_t limit);
/// Puts a part, in place of an earlier one with its number. Throws Error{tooLarge} as takeStorage() does.
void putPart(db::Transaction& transaction, const PartUpload& upload, const UploadPart& part);
/// By number.
std::vector<UploadPart> partsOf(db::Transaction& transaction, std::string_view id, std::int64_t after,
                                std::size_t limit);
/// Forgets the parts and keeps the upload as completed.
void completeUpload(db::Transaction& transaction, const PartUpload& upload, std::string_view etag);
void removeUpload(db::Transaction& transaction, const PartUpload& upload);
void removeUploadsOf(db::Transaction& transaction, std::string_view workspace);
/// Removes uploads that were begun before uploadMillis, and those that were completed a day ago; a few at a time.
/// Returns their number.
std::size_t removeOldUploads(db::Transaction& transaction, std::int64_t now);

}  // namespace regesta::registry

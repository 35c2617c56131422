#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "blob/store.h"
#include "registry/asset.h"

namespace regesta::registry {

/// A blob that arrives in an OCI repository with several requests. Each brings a piece, which is a blob of its own
/// until the last one has arrived, so an upload survives the connection and the server. Free of access rules: callers
/// check that the actor may still write.
struct OciUpload {
  std::string id;
  std::int64_t size = 0;  ///< bytes that arrived
};

/// Throws Error{exhausted} beyond limits::ociUploads. Also forgets uploads that paused too long.
OciUpload startOciUpload(db::Transaction& transaction, const AssetKey& key, std::string_view actor);
/// The actor's upload; of others, of another repository or after limits::ociUploadMillis there is none.
std::optional<OciUpload> findOciUpload(db::Transaction& transaction, const AssetKey& key, std::string_view id,
                                       std::string_view actor);
/// How many more bytes the actor's uploads may take.
std::int64_t roomForOciUploads(db::Transaction& transaction, std::string_view actor);
/// Appends a piece at upload.size, and counts it. Throws Error{conflict} when another request has appended meanwhile,
/// Error{tooLarge} beyond limits::ociUploadPieces or as takeStorage() does.
void appendOciUpload(db::Transaction& transaction, const AssetKey& key, OciUpload& upload, const blob::Stored& piece);
/// In order.
std::vector<blob::Stored> ociUploadPieces(db::Transaction& transaction, const OciUpload& upload);
bool removeOciUpload(db::Transaction& transaction, const OciUpload& upload);

}  // namespace regesta::registry

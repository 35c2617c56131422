#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "blob/store.h"
#include "db/database.h"

namespace regesta::registry {

/// Notes who brought content to a workspace: they may read it by its digest, and make files of it.
void noteUpload(db::Transaction& transaction, std::string_view workspace, const blob::Stored& stored,
                std::string_view actor);

/// Whether the actor brought the content. A note that this server did not write does not count.
bool isUploader(db::Transaction& transaction, std::string_view workspace, std::string_view digest,
                std::string_view actor);

/// Names that content clients have for a workspace's blobs: "md5:<hex>" and "md5:<hex>.dir" (DVC), "lfs:<hex>" (Git
/// LFS). A name is valid in its workspace only: a blob of another workspace cannot be read by its digest.
/// Putting the same again changes nothing but the note of the upload. Throws Error{conflict} when the name has other
/// content: MD5 has collisions; Error{tooLarge} as takeStorage() does.
void putBlobAlias(db::Transaction& transaction, std::string_view workspace, std::string_view name,
                  const blob::Stored& stored, std::string_view actor);
/// Throws Error{corrupt} for a row that this server did not write.
std::optional<blob::Stored> findBlobAlias(db::Transaction& transaction, std::string_view workspace,
                                          std::string_view name);
/// Those of `names` that the workspace does not have.
std::vector<std::string> missingBlobAliases(db::Transaction& transaction, std::string_view workspace,
                                            const std::vector<std::string>& names);

}  // namespace regesta::registry

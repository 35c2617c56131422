#pragma once
#include <cstdint>
#include <span>
#include <string_view>

#include "base/error.h"
#include "db/database.h"

namespace regesta::registry {

struct VersionFile;

/// Bytes that the files, artifacts and uploads of one workspace may have together, each content counted once; 0: no
/// limit. Of this process, set before it serves.
void setStorageQuota(std::int64_t bytesPerWorkspace);

std::int64_t storageQuota();

/// An Error{tooLarge}: the bytes do not fit, whatever their size.
class OverQuota : public Error {
 public:
  explicit OverQuota(std::string message) : Error(Code::tooLarge, std::move(message)) {}
};

/// Throws OverQuota when the workspace would hold more than the quota with `more` further bytes, which count from
/// then on. Cheap, except once per minute and near the quota, when it counts again what is stored.
void takeStorage(db::Transaction& transaction, std::string_view workspace, std::int64_t more);
/// The same for files of a version: content that the workspace's versions and files have already takes nothing.
void takeStorage(db::Transaction& transaction, std::string_view workspace, std::span<const VersionFile> files);
/// The same for bytes that are about to arrive: nothing is taken.
void requireStorage(db::Transaction& transaction, std::string_view workspace, std::int64_t more);
/// Bytes that were taken are free again, unless the transaction fails: until the next count.
void returnStorage(std::string_view workspace, std::int64_t bytes);
/// What the workspace holds has become less: counts again at the next request.
void recountStorage(std::string_view workspace);

}  // namespace regesta::registry

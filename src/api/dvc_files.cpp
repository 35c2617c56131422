#include "api/dvc_files.h"

#include "api/dvc_folder.h"
#include "base/error.h"
#include "registry/blob_alias.h"

namespace regesta::api {
namespace {

constexpr std::size_t filesOfFolder = 100'000;
constexpr std::size_t listPieceSize = 64 * 1024;

blob::Stored pushed(db::Transaction& transaction, const Call& call, const std::string& alias) {
  auto stored = registry::findBlobAlias(transaction, call.workspace, alias);
  if (!stored)
    throw error(Code::invalid, "workspace '{}' has no DVC object {}; run `dvc push` first", call.workspace, alias);
  return *std::move(stored);
}

std::vector<FolderEntry> entriesOf(const Call& call, const blob::Stored& stored) {
  auto reader = call.core.blobs.open(stored.digest);
  if (!reader) throw error(Code::corrupt, "the blob {} of a folder's list is missing", stored.digest);
  std::vector<FolderEntry> entries;
  FolderListReader list([&](const FolderEntry& entry) {
    if (entries.size() == filesOfFolder)
      throw error(Code::tooLarge, "a version made of a DVC folder has at most {} files", filesOfFolder);
    entries.push_back(entry);
  });
  std::vector<char> piece(listPieceSize);
  std::uint64_t at = 0;
  while (std::size_t count = reader->read(at, piece)) {
    list.write({piece.data(), count});
    at += count;
  }
  list.finish();
  return entries;
}

}  // namespace

std::vector<registry::VersionFile> dvcFiles(const Call& call, const std::string& path, const std::string& alias) {
  call.require(access::Verb::read, "*");
  blob::Stored stored =
      call.core.store.read([&](db::Transaction& transaction) { return pushed(transaction, call, alias); });
  if (!alias.ends_with(".dir")) return {{path, stored.digest, static_cast<std::int64_t>(stored.size)}};
  std::vector<FolderEntry> entries = entriesOf(call, stored);
  return call.core.store.read([&](db::Transaction& transaction) {
    std::vector<registry::VersionFile> files;
    for (const FolderEntry& entry : entries) {
      blob::Stored file = pushed(transaction, call, "md5:" + entry.md5);
      files.push_back({path + "/" + entry.path, file.digest, static_cast<std::int64_t>(file.size)});
    }
    return files;
  });
}

}  // namespace regesta::api

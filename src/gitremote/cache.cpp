#include "gitremote/cache.h"

#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/id.h"
#include "git/mapped_file.h"

namespace regesta::gitremote {
namespace {

constexpr std::string_view workPrefix = "work-";

std::string indexOf(const std::string& pack) { return pack.substr(0, pack.size() - 5) + ".idx"; }

void copy(blob::BlobStore& blobs, const std::string& digest, const std::string& path) {
  std::unique_ptr<blob::Reader> reader = blobs.open(digest);
  if (!reader) throw error(Code::corrupt, "the blob does not exist");
  file::Handle out = file::createFile(path);
  std::vector<char> piece(1024 * 1024);
  for (std::uint64_t at = 0; std::size_t count = reader->read(at, piece); at += count)
    file::writeAll(out, path, {piece.data(), count});
}

bool exists(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

}  // namespace

WorkFolder::WorkFolder(const std::string& parent) : path_(fmt::format("{}/{}{}", parent, workPrefix, randomHex(8))) {
  file::makeFolders(path_);
}

WorkFolder::~WorkFolder() {
  std::error_code ignored;  // leftovers are removed at the next start
  std::filesystem::remove_all(path_, ignored);
}

PackCache::PackCache(blob::BlobStore& blobs, std::string folder) : blobs_(blobs), folder_(std::move(folder)) {
  file::makeFolders(folder_);
  for (const auto& entry : std::filesystem::directory_iterator(folder_))
    if (entry.path().filename().string().starts_with(workPrefix)) {
      std::error_code ignored;
      std::filesystem::remove_all(entry.path(), ignored);
    }
}

std::unique_ptr<WorkFolder> PackCache::work() { return std::make_unique<WorkFolder>(folder_); }

std::unique_ptr<git::Objects> PackCache::open(const std::vector<std::string>& digests) {
  std::vector<std::string> paths;
  for (const std::string& digest : digests) {
    // The index is put in place last.
    if (!exists(indexOf(place(digest)))) fetch(digest);
    paths.push_back(place(digest));
  }
  return std::make_unique<git::Objects>(paths);
}

void PackCache::adopt(const git::IndexedPack& pack, const std::string& digest) {
  std::string to = place(digest);
  for (const std::string& path : {pack.path, indexOf(pack.path)}) {
    file::Handle handle = file::openFile(path);
    file::syncFile(handle, path);
  }
  file::renameFile(pack.path, to);
  file::syncFolder(folder_);  // an index in place says that the pack is
  file::renameFile(indexOf(pack.path), indexOf(to));
}

void PackCache::fetch(const std::string& digest) {
  auto turn = filling_.lock();
  if (exists(indexOf(place(digest)))) return;
  try {
    WorkFolder folder(folder_);
    std::string file = folder.path() + "/in.pack";
    copy(blobs_, digest, file);
    git::MappedFile bytes(file);
    adopt(git::indexPack(bytes.bytes(), folder.path(), std::chrono::hours(1)), digest);
  } catch (const Error& fault) {
    if (fault.code == Code::unavailable) throw;
    throw error(Code::corrupt, "the Git pack {} cannot be read: {}", digest, fault.message);
  }
}

}  // namespace regesta::gitremote

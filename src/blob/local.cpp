// One file a blob: <folder>/ab/cdef… (the digest's first two digits name the sub-folder), written as
// <folder>/tmp/<random> first. A temporary file is locked by the writer that fills it; one that can be locked has lost
// its writer.
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/id.h"
#include "blob/content_check.h"
#include "blob/store.h"
#include "crypto/hash.h"

namespace regesta::blob {
namespace {

namespace fs = std::filesystem;

/// After this number of bytes the kernel is asked to begin writing, so that the fsync of a large blob does not stall
/// everyone.
constexpr std::uint64_t writebackStep = 8 * 1024 * 1024;

std::optional<std::uint64_t> fileSize(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) == 0) return static_cast<std::uint64_t>(info.st_size);
  if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
  file::fail("look at", path);
}

fs::directory_iterator entriesOf(const fs::path& folder) {
  std::error_code failure;
  fs::directory_iterator entries(folder, failure);
  if (failure) file::fail("list", folder.string(), failure.value());
  return entries;
}

struct Folder {
  std::string root;
  std::string temporaries() const { return root + "/tmp"; }
  std::string shelf(std::string_view digest) const { return fmt::format("{}/{}", root, digest.substr(0, 2)); }
  std::string path(std::string_view digest) const { return fmt::format("{}/{}", shelf(digest), digest.substr(2)); }
};

class LocalWriter final : public Writer {
 public:
  explicit LocalWriter(const Folder& folder)
      : folder_(folder),
        path_(fmt::format("{}/{}", folder.temporaries(), randomHex(16))),
        handle_(file::createFile(path_)) {
    ::flock(handle_.get(), LOCK_EX | LOCK_NB);
  }
  ~LocalWriter() override {
    if (!path_.empty()) ::unlink(path_.c_str());
  }

  void write(std::string_view bytes) override {
    begin();
    file::writeAll(handle_, path_, bytes);
    broken_ = false;
    hash_.update(bytes);
    size_ += bytes.size();
    if (size_ - flushed_ < writebackStep) return;
    ::sync_file_range(handle_.get(), static_cast<off_t>(flushed_), static_cast<off_t>(size_ - flushed_),
                      SYNC_FILE_RANGE_WRITE);
    flushed_ = size_;
  }

  const Digest& finish() override {
    if (digest_.empty()) digest_ = crypto::hex(hash_.finish());
    return digest_;
  }

  Stored commit() override {
    begin();
    Stored stored{finish(), size_};
    std::string target = folder_.path(stored.digest), shelf = folder_.shelf(stored.digest);
    file::makeFolders(shelf);
    if (fileSize(target) == size_) {
      // The writer that renamed it may not have synced the folder yet.
      file::syncFolder(shelf);
      return stored;
    }
    file::syncFile(handle_, path_);
    file::renameFile(path_, target);
    path_.clear();
    handle_.close();
    file::syncFolder(shelf);
    return stored;
  }

 private:
  /// An operation that throws leaves the writer broken: what the file holds then is not what was hashed.
  void begin() {
    REGESTA_INVARIANT(!path_.empty());
    if (broken_) throw Error(Code::unavailable, "an earlier write of this content failed");
    broken_ = true;
  }

  const Folder& folder_;
  std::string path_;  ///< empty once the file has its final name
  bool broken_ = false;
  file::Handle handle_;
  crypto::Sha256 hash_;
  Digest digest_;  ///< empty until finish()
  std::uint64_t size_ = 0;
  std::uint64_t flushed_ = 0;
};

std::uint64_t sizeOf(const file::Handle& handle, std::string_view digest) {
  struct stat info{};
  if (::fstat(handle.get(), &info) != 0) file::fail("look at", fmt::format("the content {}", digest));
  return static_cast<std::uint64_t>(info.st_size);
}

class LocalReader final : public Reader {
 public:
  LocalReader(file::Handle handle, std::string_view digest)
      : handle_(std::move(handle)), digest_(digest), size_(sizeOf(handle_, digest)), check_(digest_, size_) {}
  std::uint64_t size() const override { return size_; }

  std::size_t read(std::uint64_t offset, std::span<char> into) override {
    if (offset >= size_ || into.empty()) return 0;
    std::size_t want = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), size_ - offset));
    std::size_t have = file::readAt(handle_, fmt::format("the content {}", digest_), offset, into.first(want));
    if (have < want) throw error(Code::corrupt, "the content {} ends at byte {} of {}", digest_, offset + have, size_);
    check_.read(offset, {into.data(), have});
    return have;
  }

 private:
  file::Handle handle_;
  std::string digest_;
  std::uint64_t size_ = 0;
  ContentCheck check_;
};

class LocalStore final : public BlobStore {
 public:
  explicit LocalStore(const std::string& root) : folder_{root} {
    file::makeFolders(folder_.temporaries());
    removeStale();
  }
  std::unique_ptr<Writer> create() override { return std::make_unique<LocalWriter>(folder_); }

  std::unique_ptr<Reader> open(std::string_view digest) override {
    if (!isDigest(digest)) return nullptr;
    file::Handle handle = file::openFile(folder_.path(digest));
    return handle ? std::make_unique<LocalReader>(std::move(handle), digest) : nullptr;
  }

  bool has(std::string_view digest) override { return isDigest(digest) && fileSize(folder_.path(digest)).has_value(); }

  bool remove(std::string_view digest) override {
    if (!isDigest(digest) || !file::removeFile(folder_.path(digest))) return false;
    file::syncFolder(folder_.shelf(digest));
    return true;
  }

  void list(const std::function<void(const Stored&)>& visit) override {
    for (const auto& shelf : entriesOf(folder_.root)) {
      std::string prefix = shelf.path().filename().string();
      if (prefix.size() != 2 || !shelf.is_directory()) continue;
      for (const auto& entry : entriesOf(shelf.path())) {
        Digest digest = prefix + entry.path().filename().string();
        if (!isDigest(digest)) continue;
        if (auto size = fileSize(entry.path().string())) visit({digest, *size});
      }
    }
  }

  std::uint64_t sharedBytes(std::string_view digest, std::string_view other) override {
    if (digest != other || !isDigest(digest)) return 0;
    return fileSize(folder_.path(digest)).value_or(0);
  }

 private:
  void removeStale() {
    for (const auto& entry : entriesOf(folder_.temporaries())) {
      std::string path = entry.path().string();
      file::Handle handle = file::openFile(path);
      if (handle && ::flock(handle.get(), LOCK_EX | LOCK_NB) == 0) ::unlink(path.c_str());
    }
  }

  Folder folder_;
};

}  // namespace

std::unique_ptr<BlobStore> openLocal(const std::string& folder) { return std::make_unique<LocalStore>(folder); }

}  // namespace regesta::blob

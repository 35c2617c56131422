#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>

#include "base/error.h"
#include "base/id.h"
#include "base/sync.h"

namespace regesta::file {
namespace {

constexpr std::string_view temporaryPrefix = ".tmp-";

struct Seam {
  std::atomic<std::int64_t> count{0};
  std::atomic<std::int64_t> nth{0};
  std::atomic<int> errorNumber{0};
  std::atomic<bool> onwards{false};
};
Seam& seam() {
  static Seam it;
  return it;
}

/// True when this operation is to fail; errno is set then.
bool mustFail() {
  Seam& it = seam();
  std::int64_t number = it.count.fetch_add(1) + 1;
  std::int64_t nth = it.nth.load();
  if (nth == 0 || (it.onwards ? number < nth : number != nth)) return false;
  errno = it.errorNumber;
  return true;
}

}  // namespace

std::string reason(int number) {
  switch (number) {
    case ENOSPC:
      return "the disk is full";
    case EDQUOT:
      return "the disk quota is used up";
    case EROFS:
      return "the file system is read-only";
    case EACCES:
    case EPERM:
      return "the user of this process lacks the permission";
    case EMFILE:
    case ENFILE:
      return "too many files are open";
    case EIO:
      return "the disk reports an input/output error";
    default:
      return std::strerror(number);
  }
}

void fail(std::string_view verb, std::string_view object, int number) {
  throw error(Code::unavailable, "cannot {} {}: {}", verb, object, reason(number));
}

namespace {

std::string folderOf(const std::string& path) {
  auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

/// Folders that are durable entries of their parents.
class Settled {
 public:
  bool contains(const std::string& path) { return paths_.lock()->contains(path); }
  void remove(const std::string& path) { paths_.lock()->erase(path); }
  void add(const std::string& path) {
    auto paths = paths_.lock();
    if (paths->size() >= most) paths->clear();  // they are only synced again
    paths->insert(path);
  }

 private:
  static constexpr std::size_t most = 10'000;
  Sync<std::set<std::string>> paths_;
};
Settled& settled() {
  static Settled it;
  return it;
}

/// Temporary files that are removed unless they were renamed.
class Temporaries {
 public:
  ~Temporaries() {
    for (const auto& path : paths_) ::unlink(path.c_str());
  }
  const std::string& add(const std::string& target) {
    paths_.push_back(fmt::format("{}/{}{}", folderOf(target), temporaryPrefix, randomHex(8)));
    return paths_.back();
  }
  const std::string& operator[](std::size_t i) const { return paths_[i]; }

 private:
  std::vector<std::string> paths_;
};

}  // namespace

Handle& Handle::operator=(Handle&& other) noexcept {
  if (this != &other) {
    close();
    descriptor_ = std::exchange(other.descriptor_, -1);
  }
  return *this;
}

void Handle::close() {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

Handle createFile(const std::string& path) {
  Handle handle(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!handle) fail("create", path);
  return handle;
}

Handle openFile(const std::string& path) {
  Handle handle(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!handle && errno != ENOENT && errno != ENOTDIR) fail("open", path);
  return handle;
}

void writeAll(const Handle& handle, const std::string& path, std::string_view bytes) {
  if (mustFail()) {
    int number = errno;
    [[maybe_unused]] auto torn = ::write(handle.get(), bytes.data(), bytes.size() / 2);
    errno = number;
    fail("write", path);
  }
  while (!bytes.empty()) {
    ssize_t written = ::write(handle.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("write", path);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void syncFile(const Handle& handle, const std::string& path) {
  if (mustFail() || ::fsync(handle.get()) != 0) fail("sync", path);
}

void renameFile(const std::string& from, const std::string& to) {
  if (mustFail() || ::rename(from.c_str(), to.c_str()) != 0) fail("rename a file to", to);
}

void syncFolder(const std::string& path) {
  Handle handle(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!handle) fail("open", path);
  if (mustFail() || ::fsync(handle.get()) != 0) fail("sync", path);
}

void settle(const std::string& path) {
  std::string parent = folderOf(path);
  Handle handle(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!handle && errno != EACCES && errno != EPERM) fail("open", parent);
  if (!handle || (!mustFail() && ::fsync(handle.get()) == 0)) return;
  if (errno != EROFS && errno != EINVAL) fail("sync", parent);
}

void makeFolders(const std::string& path) {
  struct stat info{};
  std::string parent = folderOf(path);
  if (::stat(path.c_str(), &info) == 0) {
    if (!S_ISDIR(info.st_mode)) {
      errno = ENOTDIR;
      fail("make the folder", path);
    }
    if (settled().contains(path)) return;
    if (parent != path && path != ".") makeFolders(parent);
    settle(path);
  } else {
    if (parent != path) makeFolders(parent);
    settled().remove(path);
    if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) fail("make the folder", path);
    syncFolder(parent);
  }
  settled().add(path);
}

std::optional<std::string> readFile(const std::string& path, std::uint64_t limit) {
  Handle handle = openFile(path);
  if (!handle) return std::nullopt;
  std::string bytes;
  std::array<char, 64 * 1024> buffer;
  for (;;) {
    ssize_t count = ::read(handle.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("read", path);
    if (count == 0) return bytes;
    if (bytes.size() + static_cast<std::size_t>(count) > limit) {
      throw error(Code::tooLarge, "{} is larger than the limit of {} bytes", path, limit);
    }
    bytes.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

std::size_t readAt(const Handle& handle, std::string_view object, std::uint64_t offset, std::span<char> into) {
  std::size_t have = 0;
  while (have < into.size()) {
    ssize_t count = ::pread(handle.get(), into.data() + have, into.size() - have, static_cast<off_t>(offset + have));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("read", object);
    if (count == 0) break;
    have += static_cast<std::size_t>(count);
  }
  return have;
}

bool removeFile(const std::string& path) {
  if (::unlink(path.c_str()) == 0) return true;
  if (errno != ENOENT && errno != ENOTDIR) fail("remove", path);
  return false;
}

void replaceFiles(const std::vector<FileContent>& files) {
  Temporaries temporaries;
  std::vector<Handle> handles;
  std::set<std::string> folders;
  for (const auto& [path, bytes] : files) {
    if (folders.insert(folderOf(path)).second) makeFolders(folderOf(path));
    const std::string& temporary = temporaries.add(path);
    handles.push_back(createFile(temporary));
    writeAll(handles.back(), temporary, bytes);
    // The kernel starts writing now, so that the fsyncs below wait for one another's work instead of queueing up.
    ::sync_file_range(handles.back().get(), 0, 0, SYNC_FILE_RANGE_WRITE);
  }
  for (std::size_t i = 0; i < files.size(); ++i) syncFile(handles[i], temporaries[i]);
  for (std::size_t i = 0; i < files.size(); ++i) renameFile(temporaries[i], files[i].path);
  for (const auto& folder : folders) syncFolder(folder);
}

bool isTemporary(std::string_view name) { return name.starts_with(temporaryPrefix); }

void failAt(std::int64_t nth, int errorNumber, bool onwards) {
  Seam& it = seam();
  it.nth = 0;
  it.count = 0;
  it.errorNumber = errorNumber;
  it.onwards = onwards;
  it.nth = nth;
}

std::int64_t operations() { return seam().count.load(); }

}  // namespace regesta::file

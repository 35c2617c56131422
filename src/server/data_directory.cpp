#include "server/data_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

namespace regesta::server {
namespace {

void makeFolder(const std::string& path) {
  try {
    file::makeFolders(path);
  } catch (const Error& failure) {
    throw error(failure.code, "cannot create {}: {}; choose another place with --data DIR", path, failure.message);
  }
  std::error_code failure;
  std::filesystem::permissions(path, std::filesystem::perms::owner_all,
                               failure);  // best effort on foreign file systems
}

std::string holder(int file) {
  char text[32] = {};
  ssize_t got = pread(file, text, sizeof text - 1, 0);
  return got > 0 ? std::string(trim(text)) : std::string("unknown");
}

}  // namespace

std::optional<std::string> DataDirectory::heldBy(const std::string& path) {
  int file = open((path + "/lock").c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  bool held = flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  std::optional<std::string> process = held ? std::optional(holder(file)) : std::nullopt;
  close(file);
  return process;
}

DataDirectory::DataDirectory(const std::string& path) : path_(path) {
  makeFolder(path_);
  lock();
  makeFolder(path_ + "/keys");
}

DataDirectory::~DataDirectory() {
  if (lockFile_ >= 0) close(lockFile_);
}

void DataDirectory::lock() {
  std::string name = path_ + "/lock";
  lockFile_ = open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lockFile_ < 0)
    throw error(Code::unavailable, "cannot write to {}: {}; give this user write access or choose another --data DIR",
                path_, file::reason(errno));
  if (flock(lockFile_, LOCK_EX | LOCK_NB) != 0)
    throw error(Code::unavailable, "another regesta server (process {}) uses {}; stop it or choose another --data DIR",
                holder(lockFile_), path_);
  std::string self = fmt::format("{}\n", getpid());
  bool written = ftruncate(lockFile_, 0) == 0 &&
                 pwrite(lockFile_, self.data(), self.size(), 0) == static_cast<ssize_t>(self.size());
  if (!written) file::fail("write to", name);
}

}  // namespace regesta::server

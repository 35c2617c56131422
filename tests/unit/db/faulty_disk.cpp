#include "faulty_disk.h"

#include <sqlite3.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

namespace regesta::db {
namespace {

FaultyDisk* disk = nullptr;
sqlite3_vfs* below = nullptr;
sqlite3_vfs shim;

/// SQLite allocates it with the real file behind it; `path` is null for temporary files.
struct ShimFile {
  sqlite3_file base;
  const std::string* path;
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};
ShimFile* shimOf(sqlite3_file* file) { return reinterpret_cast<ShimFile*>(file); }
sqlite3_file* realOf(sqlite3_file* file) { return shimOf(file)->real(); }
const sqlite3_io_methods* methodsOf(sqlite3_file* file) { return realOf(file)->pMethods; }

int closeFile(sqlite3_file* file) {
  int code = methodsOf(file)->xClose(realOf(file));
  delete shimOf(file)->path;
  return code;
}
int readFile(sqlite3_file* file, void* to, int count, sqlite3_int64 offset) {
  return methodsOf(file)->xRead(realOf(file), to, count, offset);
}
int writeFile(sqlite3_file* file, const void* from, int count, sqlite3_int64 offset) {
  const std::string* path = shimOf(file)->path;
  if (path == nullptr) return methodsOf(file)->xWrite(realOf(file), from, count, offset);
  auto bytes = static_cast<std::size_t>(count);
  std::size_t written = bytes;
  int failure = disk->beforeWrite(bytes, offset + count, *path, &written);
  if (written > 0) {
    int code = methodsOf(file)->xWrite(realOf(file), from, static_cast<int>(written), offset);
    if (code != SQLITE_OK) return code;
    disk->wrote(*path, offset, from, written);
  }
  return failure;
}
int truncateFile(sqlite3_file* file, sqlite3_int64 size) {
  const std::string* path = shimOf(file)->path;
  std::size_t none = 0;
  if (path != nullptr)
    if (int failure = disk->beforeWrite(0, 0, *path, &none); failure != 0) return SQLITE_IOERR_TRUNCATE;
  int code = methodsOf(file)->xTruncate(realOf(file), size);
  if (code == SQLITE_OK && path != nullptr) disk->truncated(*path, size);
  return code;
}
int syncFile(sqlite3_file* file, int) {
  const std::string* path = shimOf(file)->path;
  if (path == nullptr) return SQLITE_OK;
  if (int failure = disk->beforeFlush(*path); failure != 0) return failure;
  disk->flushed(*path);  // the real flush would only cost time: the power does not go out in this test
  return SQLITE_OK;
}
int fileSize(sqlite3_file* file, sqlite3_int64* size) { return methodsOf(file)->xFileSize(realOf(file), size); }
int lockFile(sqlite3_file* file, int level) { return methodsOf(file)->xLock(realOf(file), level); }
int unlockFile(sqlite3_file* file, int level) { return methodsOf(file)->xUnlock(realOf(file), level); }
int checkLock(sqlite3_file* file, int* out) { return methodsOf(file)->xCheckReservedLock(realOf(file), out); }
int controlFile(sqlite3_file* file, int what, void* argument) {
  return methodsOf(file)->xFileControl(realOf(file), what, argument);
}
int sectorSize(sqlite3_file* file) { return methodsOf(file)->xSectorSize(realOf(file)); }
int traits(sqlite3_file* file) { return methodsOf(file)->xDeviceCharacteristics(realOf(file)); }
int mapShared(sqlite3_file* file, int region, int size, int extend, void volatile** out) {
  return methodsOf(file)->xShmMap(realOf(file), region, size, extend, out);
}
int lockShared(sqlite3_file* file, int offset, int count, int flags) {
  return methodsOf(file)->xShmLock(realOf(file), offset, count, flags);
}
void barrierShared(sqlite3_file* file) { methodsOf(file)->xShmBarrier(realOf(file)); }
int unmapShared(sqlite3_file* file, int remove) { return methodsOf(file)->xShmUnmap(realOf(file), remove); }

const sqlite3_io_methods shimMethods = {2,        closeFile, readFile,   writeFile,     truncateFile, syncFile,
                                        fileSize, lockFile,  unlockFile, checkLock,     controlFile,  sectorSize,
                                        traits,   mapShared, lockShared, barrierShared, unmapShared,  nullptr,
                                        nullptr};

int openFile(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* outFlags) {
  std::memset(file, 0, sizeof(ShimFile));
  bool counts = name != nullptr && (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL)) != 0;
  int code = below->xOpen(below, name, realOf(file), flags, outFlags);
  if (code != SQLITE_OK) return code;
  file->pMethods = &shimMethods;
  if (!counts) return SQLITE_OK;
  shimOf(file)->path = new std::string(name);
  disk->opened(name);
  return SQLITE_OK;
}
int deleteFile(sqlite3_vfs*, const char* name, int syncFolder) {
  if (disk->isCut()) return SQLITE_IOERR_DELETE;
  int code = below->xDelete(below, name, syncFolder);
  if (code == SQLITE_OK) disk->removed(name);
  return code;
}

std::string contentOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

void apply(std::string& content, std::int64_t offset, std::string_view bytes) {
  auto at = static_cast<std::size_t>(offset);
  if (content.size() < at + bytes.size()) content.resize(at + bytes.size());
  content.replace(at, bytes.size(), bytes);
}

}  // namespace

FaultyDisk::FaultyDisk() {
  disk = this;
  below = sqlite3_vfs_find("unix");
  shim = *below;
  shim.zName = "faulty";
  shim.szOsFile = static_cast<int>(sizeof(ShimFile)) + below->szOsFile;
  shim.xOpen = openFile;
  shim.xDelete = deleteFile;
  sqlite3_vfs_register(&shim, 1);
}

FaultyDisk::~FaultyDisk() {
  sqlite3_vfs_register(below, 1);
  sqlite3_vfs_unregister(&shim);
}

void FaultyDisk::failAt(std::int64_t nth, Fault fault, bool onwards) {
  std::lock_guard lock(mutex_);
  operations_ = 0;
  failAt_ = nth;
  fault_ = fault;
  onwards_ = onwards || fault == Fault::powerCut;
}

void FaultyDisk::setQuota(std::size_t bytes) {
  std::lock_guard lock(mutex_);
  quota_ = bytes;
}

std::int64_t FaultyDisk::operations() {
  std::lock_guard lock(mutex_);
  return operations_;
}

bool FaultyDisk::strikes() {
  ++operations_;
  return fault_ != Fault::none && (operations_ == failAt_ || (onwards_ && operations_ > failAt_));
}

bool FaultyDisk::isCut() {
  std::lock_guard lock(mutex_);
  return fault_ == Fault::powerCut && operations_ >= failAt_;
}

int FaultyDisk::beforeWrite(std::size_t bytes, std::int64_t end, const std::string& path, std::size_t* written) {
  std::lock_guard lock(mutex_);
  if (quota_ > 0) {
    std::size_t others = 0;
    for (const auto& [name, file] : files_)
      if (name != path) others += file.cached.size();
    if (others + std::max(static_cast<std::size_t>(end), files_[path].cached.size()) > quota_)
      return *written = 0, SQLITE_FULL;
  }
  if (!strikes() || fault_ == Fault::flushLog || fault_ == Fault::flushDatabase) return SQLITE_OK;
  *written = fault_ == Fault::write ? bytes / 2 : 0;
  return fault_ == Fault::full ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

/// A flush that failed is never made up for: the kernel takes the bytes for clean from now on, they are in its memory
/// only.
int FaultyDisk::beforeFlush(const std::string& path) {
  std::lock_guard lock(mutex_);
  if (!strikes() || fault_ == Fault::full) return SQLITE_OK;
  bool isLog = path.ends_with("-wal");
  if ((fault_ == Fault::flushLog && !isLog) || (fault_ == Fault::flushDatabase && isLog)) return SQLITE_OK;
  if (fault_ != Fault::powerCut) files_[path].pending.clear();
  return SQLITE_IOERR_FSYNC;
}

void FaultyDisk::opened(const std::string& path) {
  std::lock_guard lock(mutex_);
  if (files_.contains(path)) return;
  std::string content = contentOf(path);
  files_[path] = {content, content, {}};
}

void FaultyDisk::wrote(const std::string& path, std::int64_t offset, const void* bytes, std::size_t count) {
  std::lock_guard lock(mutex_);
  std::string copy(static_cast<const char*>(bytes), count);
  apply(files_[path].cached, offset, copy);
  files_[path].pending.push_back({offset, std::move(copy), false});
}

void FaultyDisk::truncated(const std::string& path, std::int64_t size) {
  std::lock_guard lock(mutex_);
  files_[path].cached.resize(static_cast<std::size_t>(size));
  files_[path].pending.push_back({size, {}, true});
}

void FaultyDisk::flushed(const std::string& path) {
  std::lock_guard lock(mutex_);
  File& file = files_[path];
  for (const Change& change : file.pending) {
    if (change.truncates)
      file.durable.resize(static_cast<std::size_t>(change.offset));
    else
      apply(file.durable, change.offset, change.bytes);
  }
  file.pending.clear();
}

void FaultyDisk::removed(const std::string& path) {
  std::lock_guard lock(mutex_);
  files_.erase(path);
}

void FaultyDisk::cut(const std::string& folder, Survives survives, unsigned seed) {
  constexpr std::size_t sector = 512;
  std::lock_guard lock(mutex_);
  std::mt19937 random(seed);
  for (const auto& [path, file] : files_) {
    std::string content = file.durable;
    auto lucky = [&] {
      return survives == Survives::everything || (survives == Survives::randomPart && random() % 2 == 0);
    };
    for (const Change& change : file.pending) {
      if (change.truncates) {
        if (lucky()) content.resize(static_cast<std::size_t>(change.offset));
        continue;
      }
      for (std::size_t at = 0; at < change.bytes.size(); at += sector)
        if (lucky())
          apply(content, change.offset + static_cast<std::int64_t>(at),
                std::string_view(change.bytes).substr(at, sector));
    }
    std::ofstream(folder / std::filesystem::path(path).filename(), std::ios::binary) << content;
  }
}

}  // namespace regesta::db

#pragma once
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "support/temporary_folder.h"

namespace regesta::db {

/// A disk below SQLite that fails when it is told to, and that knows what a power cut would leave. It is SQLite's
/// default for as long as it lives. Only database files and their logs count; what is not flushed is remembered write
/// by write.
class FaultyDisk {
 public:
  enum class Fault {
    none,
    write,          ///< a write leaves half of its bytes and fails; a flush fails
    full,           ///< a write fails as on a full disk
    flushLog,       ///< only flushes of the write-ahead log fail: those of a commit
    flushDatabase,  ///< only flushes of the database file fail: those of a checkpoint
    powerCut,       ///< from here on nothing reaches the disk
  };
  FaultyDisk();
  ~FaultyDisk();
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;

  /// The N-th write, truncation or flush from now on fails; with `onwards` so do all later ones.
  void failAt(std::int64_t nth, Fault fault, bool onwards);
  /// Writes fail once all files together hold this many bytes. Zero: no quota.
  void setQuota(std::size_t bytes);
  /// Operations since failAt().
  std::int64_t operations();

  enum class Survives { flushedOnly, everything, randomPart };
  /// Writes the files as they are after a power cut into `folder`. `seed` decides which unflushed sectors made it.
  void cut(const std::string& folder, Survives survives, unsigned seed);

  // What the virtual file system below calls.
  bool isCut();
  void opened(const std::string& path);
  /// SQLite's code for the failure, or 0. `*written` is how much of a failing write still happens.
  int beforeWrite(std::size_t bytes, std::int64_t end, const std::string& path, std::size_t* written);
  int beforeFlush(const std::string& path);
  void wrote(const std::string& path, std::int64_t offset, const void* bytes, std::size_t count);
  void truncated(const std::string& path, std::int64_t size);
  void flushed(const std::string& path);
  void removed(const std::string& path);

 private:
  struct Change {
    std::int64_t offset;
    std::string bytes;
    bool truncates;
  };
  struct File {
    std::string durable, cached;
    std::vector<Change> pending;
  };
  bool strikes();

  std::mutex mutex_;
  std::map<std::string, File> files_;
  std::int64_t operations_ = 0, failAt_ = 0;
  std::size_t quota_ = 0;
  Fault fault_ = Fault::none;
  bool onwards_ = false;
};

}  // namespace regesta::db

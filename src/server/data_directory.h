#pragma once
#include <optional>
#include <string>

#include "base/config.h"

namespace regesta::server {

/// The layout of a data directory, and the lock against a second server, held as long as the object lives.
class DataDirectory {
 public:
  /// Creates missing folders. Throws Error{unavailable} if it cannot be created or written, or another server holds it.
  explicit DataDirectory(const std::string& path);
  ~DataDirectory();
  /// The process that holds the directory at `path`, if any. Changes nothing.
  static std::optional<std::string> heldBy(const std::string& path);
  DataDirectory(const DataDirectory&) = delete;
  DataDirectory& operator=(const DataDirectory&) = delete;

  const std::string& path() const { return path_; }
  std::string database() const { return path_ + "/regesta.db"; }
  std::string blobs() const { return path_ + "/blobs"; }
  std::string blobCache() const { return path_ + "/blob-cache"; }  ///< of a bucket; may be removed
  std::string ledger() const { return path_ + "/ledger"; }
  std::string git() const { return path_ + "/git"; }  ///< a cache: rebuilt from database and blobs
  std::string ledgerKey() const { return path_ + "/keys/ledger.key"; }
  /// The newest checkpoint that this server signed or saw, outside the database.
  std::string ledgerHead() const { return path_ + "/keys/ledger.head"; }

 private:
  void lock();
  std::string path_;
  int lockFile_ = -1;
};

}  // namespace regesta::server

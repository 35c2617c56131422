#pragma once
#include <optional>
#include <string>

#include "base/config.h"

namespace regesta::server {

/// The layout of a data directory, and the lock that keeps a second server out. The lock lives as long as the object.
class DataDirectory {
 public:
  /// Creates what is missing. Throws Error{unavailable} when it cannot be made, written to, or another server holds it.
  explicit DataDirectory(const std::string& path);
  ~DataDirectory();
  /// The process that holds the directory at `path`; nothing when nobody does. Changes nothing.
  static std::optional<std::string> heldBy(const std::string& path);
  DataDirectory(const DataDirectory&) = delete;
  DataDirectory& operator=(const DataDirectory&) = delete;

  const std::string& path() const { return path_; }
  std::string database() const { return path_ + "/regesta.db"; }
  std::string blobs() const { return path_ + "/blobs"; }
  std::string ledger() const { return path_ + "/ledger"; }
  std::string git() const { return path_ + "/git"; }  ///< a cache: rebuilt from database and blobs
  std::string ledgerKey() const { return path_ + "/keys/ledger.key"; }

 private:
  void lock();
  std::string path_;
  int lockFile_ = -1;
};

}  // namespace regesta::server

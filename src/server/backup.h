#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "base/config.h"

namespace regesta::server {

struct CopyReport {
  std::uint64_t files = 0, bytes = 0;
  std::int64_t entries = 0;  ///< ledger entries in the copy
  std::string bucket;        ///< URL of the bucket with the content, which is not copied; empty: the copy has it
};
using CopyProgress = std::function<void(std::uint64_t bytesDone, std::uint64_t bytesTotal)>;

/// Copies a data directory to `target`, also while its server runs: database, blobs, ledger tiles, key and a list of
/// all files with digests. `target` must not exist, and appears only when complete. Throws Error{unsupported} if the
/// state is in PostgreSQL, which has its own backups. Content in a bucket is not copied. With a passphrase, every file
/// is encrypted and authenticated under a key derived from it.
CopyReport backup(const Config& config, const std::string& target, const std::string& passphrase,
                  const CopyProgress& progress);

/// Restores a data directory from a backup, after comparing every file with its digest. The data directory must be
/// empty or absent. Throws Error{corrupt} that names a file that differs, and leaves nothing behind. `passphrase` is
/// for an encrypted backup.
CopyReport restore(const std::string& source, const Config& config, const std::string& passphrase,
                   const CopyProgress& progress);

}  // namespace regesta::server

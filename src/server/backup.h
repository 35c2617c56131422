#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "base/config.h"

namespace regesta::server {

struct CopyReport {
  std::uint64_t files = 0, bytes = 0;
  std::int64_t entries = 0;  ///< ledger entries in the copy
};
using CopyProgress = std::function<void(std::uint64_t bytesDone, std::uint64_t bytesTotal)>;

/// Copies a data directory to `target` while its server may be running: database, blobs, ledger tiles, key and a list
/// of it all with digests. `target` must not exist, and appears only when it is whole. Throws Error{unsupported} when
/// the state is in PostgreSQL or the blobs in S3, which have backups of their own.
CopyReport backup(const Config& config, const std::string& target, const CopyProgress& progress);

/// Makes a data directory from a backup, after comparing every file with its digest. The data directory must be empty
/// or absent. Throws Error{corrupt} that names the file which is not what was backed up; nothing is left behind then.
CopyReport restore(const std::string& source, const Config& config, const CopyProgress& progress);

}  // namespace regesta::server

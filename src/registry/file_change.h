#pragma once
#include <optional>
#include <vector>

#include "registry/version.h"

namespace regesta::registry {

/// A file that two versions do not have in common: added has no `before`, removed no `after`; a changed one has both.
struct FileChange {
  std::optional<VersionFile> before, after;
  const std::string& path() const { return after ? after->path : before->path; }
};

struct FileChanges {
  std::vector<FileChange> all;  ///< in the order of their paths
  std::size_t unchanged = 0;    ///< files with the same path and bytes
};

/// Compares the files of two versions by path and digest.
FileChanges changesOf(std::vector<VersionFile> before, std::vector<VersionFile> after);

}  // namespace regesta::registry

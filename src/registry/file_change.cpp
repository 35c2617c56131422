#include "registry/file_change.h"

#include <algorithm>

namespace regesta::registry {

FileChanges changesOf(std::vector<VersionFile> before, std::vector<VersionFile> after) {
  std::ranges::sort(before, {}, &VersionFile::path);
  std::ranges::sort(after, {}, &VersionFile::path);
  FileChanges changes;
  auto old = before.begin();
  auto now = after.begin();
  while (old != before.end() || now != after.end()) {
    if (now == after.end() || (old != before.end() && old->path < now->path)) {
      changes.all.push_back({std::move(*old++), std::nullopt});
    } else if (old == before.end() || now->path < old->path) {
      changes.all.push_back({std::nullopt, std::move(*now++)});
    } else {
      if (old->digest == now->digest)
        ++changes.unchanged;
      else
        changes.all.push_back({std::move(*old), std::move(*now)});
      ++old, ++now;
    }
  }
  return changes;
}

}  // namespace regesta::registry

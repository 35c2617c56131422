#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/change.h"

namespace regesta::registry {

/// A file that somebody is working on, as Git LFS clients ask for it. Advisory: it stops pushes of clients that ask.
struct PathLock {
  std::int64_t id = 0;
  std::string path, owner;
  std::int64_t lockedAt = 0;  ///< milliseconds
};

/// Empty when the path is locked already. Throws Error{tooLarge} at 100,000 of a workspace.
std::optional<PathLock> lockPath(db::Transaction& transaction, std::string_view workspace, std::string_view path,
                                 const Actor& actor);
std::optional<PathLock> findPathLock(db::Transaction& transaction, std::string_view workspace, std::string_view path);
std::optional<PathLock> findPathLock(db::Transaction& transaction, std::string_view workspace, std::int64_t id);
/// By id, behind `after`.
std::vector<PathLock> listPathLocks(db::Transaction& transaction, std::string_view workspace, std::int64_t after,
                                    std::size_t limit);
bool removePathLock(db::Transaction& transaction, std::string_view workspace, std::int64_t id);

}  // namespace regesta::registry

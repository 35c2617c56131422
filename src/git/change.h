#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "git/objects.h"

namespace regesta::git {

/// One file that differs between two trees. Paths have '/' between folders.
struct FileChange {
  std::string path;
  std::optional<Id> before, after;  ///< nothing: no such file
};

/// The differences, in byte order of the paths. A none id is the empty tree.
std::vector<FileChange> changesBetween(const Objects& objects, const Id& before, const Id& after);

/// The file at that path of a tree; nothing when there is none, or a folder.
std::optional<Id> fileAt(const Objects& objects, const Id& tree, std::string_view path);

/// The tree with these files set, or (nothing) removed; folders that become empty go. Writes the trees it needs. A file
/// in the place of a folder gives way to it, and the reverse.
Id edit(Objects& objects, const Id& tree, const std::map<std::string, std::optional<Id>>& files);

}  // namespace regesta::git

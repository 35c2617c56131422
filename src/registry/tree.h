#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "blob/store.h"
#include "db/database.h"

namespace regesta::registry {

/// The mutable file tree that clients write artifacts into: "<workspace>/…path" to blob. MLflow's
/// mlflow-artifacts:/1/<run>/artifacts/model is the path 1/<run>/artifacts/model of its workspace.
/// Registering a version seals its folder: from then on a file below it can be neither changed nor removed.
struct TreeFile {
  std::string path;
  std::string digest;
  std::int64_t size = 0;
  std::int64_t modifiedAt = 0;
};
struct TreeItem {
  std::string name;  ///< last segment
  bool folder = false;
  std::int64_t size = 0;
};

/// Normal form of a path from outside, already percent-decoded once: no empty, "." or ".." segments, no leading '/', no
/// backslash, no control characters, no drive letters, not percent-encoded tricks (decoded again it must be safe too).
/// Throws Error{invalid} "Invalid path: …".
std::string safePath(std::string_view path);

/// Throws Error{invalidState} when the path is sealed and the content differs.
void putFile(db::Session& session, std::string_view workspace, std::string_view path, const blob::Stored& stored);
std::optional<TreeFile> findFile(db::Session& session, std::string_view workspace, std::string_view path);
/// Direct children of a folder, by name; empty for a file or a missing path.
std::vector<TreeItem> listFolder(db::Session& session, std::string_view workspace, std::string_view folder);
/// Every file below a folder (or the file itself), by path.
std::vector<TreeFile> filesBelow(db::Session& session, std::string_view workspace, std::string_view folder);
/// Removes a file or a whole folder; returns the number of files. Throws Error{invalidState} when sealed.
std::size_t removeTree(db::Session& session, std::string_view workspace, std::string_view path);
void sealFolder(db::Session& session, std::string_view workspace, std::string_view folder, std::string_view reason);

}  // namespace regesta::registry

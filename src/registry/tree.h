#pragma once
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "blob/store.h"
#include "db/database.h"

namespace regesta::registry {

/// The mutable file tree that clients write artifacts into: "<workspace>/…path" to blob. MLflow's
/// mlflow-artifacts:/1/<run>/artifacts/model is the path 1/<run>/artifacts/model of its workspace.
/// Registering a version seals its folder: from then on a file below it can be neither changed nor removed.
/// What a client that sent a file wants to read again with it; other clients leave it empty.
struct FileFacts {
  std::string etag;   ///< without quotes: MD5, or "MD5-parts" of a multipart upload
  std::string about;  ///< headers as a JSON object, see api/s3/about.h
  bool empty() const { return etag.empty() && about.empty(); }
  bool operator==(const FileFacts&) const = default;
};
struct TreeFile {
  std::string path;
  std::string digest;
  std::int64_t size = 0;
  std::int64_t modifiedAt = 0;
  FileFacts facts = {};
  /// Whose writes gave it the digest, also through copies and parts; nobody for old files.
  std::set<std::string> writers = {};
};
struct TreeItem {
  std::string name;  ///< last segment
  bool folder = false;
  std::int64_t size = 0;
};

/// A path or reference that is not safe. `rule` reads on from the path; `value` is empty if it cannot be shown.
class PathError : public Invalid {
 public:
  PathError(std::string rule, std::string value = {});
  std::string value;
};

/// Normal form of a client's path, percent-decoded once: no empty, "." or ".." segments, no leading '/', no backslash,
/// no control characters, no drive letters, and still safe if it is decoded again. Throws PathError.
std::string safePath(std::string_view path);

/// A change of a sealed file, an Error{invalidState}.
class Sealed : public Error {
 public:
  explicit Sealed(std::string_view path);
};

/// Throws Sealed when the path is sealed and content or facts differ, Error{invalidState} for a file where a folder is
/// or the other way around, Error{tooLarge} as takeStorage() does. The same content without facts changes nothing, and
/// with facts not its writers.
void putFile(db::Transaction& transaction, std::string_view workspace, std::string_view path,
             const blob::Stored& stored, const std::set<std::string>& writers, const FileFacts& facts = {});
std::optional<TreeFile> findFile(db::Transaction& transaction, std::string_view workspace, std::string_view path);
/// Direct children of a folder, by name; empty for a file or a missing path.
std::vector<TreeItem> listFolder(db::Transaction& transaction, std::string_view workspace, std::string_view folder);
/// Whether any file is below the folder.
bool holdsFiles(db::Transaction& transaction, std::string_view workspace, std::string_view folder);
/// Every file below a folder (or the file itself), by path.
std::vector<TreeFile> filesBelow(db::Transaction& transaction, std::string_view workspace, std::string_view folder);
/// The files with this content, by path.
std::vector<TreeFile> filesWithContent(db::Transaction& transaction, std::string_view workspace,
                                       std::string_view digest);
/// Removes a file or a whole folder; returns the number of files. Throws Sealed.
std::size_t removeTree(db::Transaction& transaction, std::string_view workspace, std::string_view path);
void sealFolder(db::Transaction& transaction, std::string_view workspace, std::string_view folder,
                std::string_view reason);

}  // namespace regesta::registry

#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace regesta::cli {

/// One file below an item's artifacts.
struct ArtifactFile {
  std::string path;  ///< below the item's artifacts
  std::filesystem::path file;
  std::uint64_t size = 0;
  std::int64_t changedAt = 0;
};

/// The files of an item.
struct ArtifactTree {
  std::vector<ArtifactFile> files;
  bool covered = true;                ///< a root holds the URI's place; without files, nothing was logged
  std::vector<std::string> problems;  ///< what is not followed or cannot be read, one sentence each
};

/// Finds the files that artifact URIs of the source name, in folders that the caller named and nowhere else: the URIs
/// were written by users of the source and may name any file of this machine.
class ArtifactRoots {
 public:
  /// Throws Error{notFound} for a root that is not a folder.
  explicit ArtifactRoots(const std::vector<std::string>& roots);
  bool empty() const { return roots_.empty(); }
  /// The regular files below the URI's folder, by path. Symbolic links are not followed.
  ArtifactTree list(const std::string& uri) const;

 private:
  struct Place {
    bool covered = false;
    std::filesystem::path folder;  ///< empty: not there
  };
  Place placeOf(const std::string& uri) const;
  std::vector<std::filesystem::path> roots_;  ///< canonical
};

}  // namespace regesta::cli

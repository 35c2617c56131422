#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/sync.h"
#include "blob/store.h"
#include "git/objects.h"
#include "git/pack.h"

namespace regesta::gitremote {

/// A folder for the files of one push or fetch, removed by the destructor.
class WorkFolder {
 public:
  explicit WorkFolder(const std::string& parent);
  ~WorkFolder();
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// Packs as local files with an index, made from their blobs on demand. Only a cache: the folder can be deleted while
/// no server runs. Thread-safe.
class PackCache {
 public:
  /// Creates the folder and removes temporary files of a killed server.
  PackCache(blob::BlobStore& blobs, std::string folder);

  std::unique_ptr<WorkFolder> work();
  /// Opens the packs, fetching missing ones. Throws Error{corrupt} if a pack's blob is missing or damaged.
  std::unique_ptr<git::Objects> open(const std::vector<std::string>& digests);
  /// The folder of the packs, after open().
  std::string place(const std::string& digest) const { return folder_ + "/" + digest + ".pack"; }
  /// Adds a pack that was indexed in a work folder and is stored as that blob.
  void adopt(const git::IndexedPack& pack, const std::string& digest);

 private:
  void fetch(const std::string& digest);

  blob::BlobStore& blobs_;
  std::string folder_;
  Sync<int> filling_;  ///< one thread brings packs in
};

}  // namespace regesta::gitremote

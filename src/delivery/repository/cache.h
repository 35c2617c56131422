#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/sync.h"
#include "blob/store.h"
#include "git/objects.h"
#include "git/pack.h"

namespace regesta::delivery {

/// A folder for the files of one push or fetch, gone with the object.
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

/// Packs as local files with an index, made from their blobs when they are asked for. Only a cache: the folder may be
/// deleted while no server runs. Thread-safe.
class PackCache {
 public:
  /// Makes the folder, and removes what a server that was killed left in it.
  PackCache(blob::BlobStore& blobs, std::string folder);

  std::unique_ptr<WorkFolder> work();
  /// Opens the packs, fetching those that are not here. Throws Error{corrupt} when a pack's blob is gone or broken.
  std::unique_ptr<git::Objects> open(const std::vector<std::string>& digests);
  /// Where the packs lie, after open().
  std::string place(const std::string& digest) const { return folder_ + "/" + digest + ".pack"; }
  /// Takes over a pack that was indexed in a work folder and whose bytes are stored as that blob.
  void adopt(const git::IndexedPack& pack, const std::string& digest);

 private:
  void fetch(const std::string& digest);

  blob::BlobStore& blobs_;
  std::string folder_;
  Sync<int> filling_;  ///< one thread brings packs in
};

}  // namespace regesta::delivery

#pragma once
#include "blob/chunk_runs.h"
#include "blob/pack_batch.h"
#include "blob/side_thread.h"
#include "blob/store.h"
#include "crypto/hash.h"

namespace regesta::blob {

/// Makes an object of chunks that are stored already. Nothing is visible before commit().
class Assembly {
 public:
  Assembly(Packs& packs, PackBatch& batch) : packs_(packs), batch_(batch) {}
  void add(const ChunkRun& run);
  std::uint64_t size() const { return object_.size; }
  std::size_t extents() const { return object_.extents.size(); }
  xet::Hash fileHash() const { return tree_.hashes().file; }
  /// Reads about the next `bytes` of the content. False at its end: the digest is known then.
  bool read(std::uint64_t bytes);
  std::uint64_t bytesRead() const { return bytesRead_; }
  const Digest& digest() const { return object_.digest; }
  /// Instead of read(), for a caller who knows that the content was compared with this digest before.
  void useDigest(Digest digest) { object_.digest = std::move(digest); }
  /// Throws Error{unavailable} when a pack was removed meanwhile.
  Stored commit();

 private:
  Packs& packs_;
  PackBatch& batch_;
  xet::Tree tree_;
  PendingObject object_;
  // Of read(): the next chunk, and the one that is hashed while it is read.
  std::size_t extent_ = 0;
  std::uint32_t chunk_ = 0;
  std::uint64_t bytesRead_ = 0;
  Packs::Window window_;
  std::string next_, previous_;
  crypto::Sha256 sha_;
  SideThread side_;
};

}  // namespace regesta::blob

#pragma once
#include <functional>

#include "blob/packs.h"

namespace regesta::blob {

/// A run of an object's chunks that lie in a row in one pack.
struct ChunkRun {
  std::shared_ptr<const OpenPack> pack;
  std::uint32_t first = 0, count = 0;

  std::uint64_t length() const { return pack->before(first + count) - pack->before(first); }
  /// Of the records in the pack: the first byte, and the one after the last.
  std::uint32_t recordsStart() const { return pack->footer().start(first); }
  std::uint32_t recordsEnd() const { return pack->footer().start(first + count); }
  std::span<const ChunkEntry> chunks() const { return std::span(pack->footer().chunks).subspan(first, count); }
};

/// The chunks of an object, as its present extents have them. Not thread-safe.
class ObjectChunks {
 public:
  /// Throws Error{corrupt} when the object's size is not that of its extents.
  ObjectChunks(Packs& packs, IndexedObject object);
  const IndexedObject& object() const { return object_; }
  std::uint64_t count() const { return firstChunks_.back(); }

  /// Visits the runs of the chunks [first, first + count). Throws Error{corrupt} when a pack is missing or damaged.
  void visitChunks(std::uint64_t first, std::uint64_t count, const std::function<void(const ChunkRun&)>& visit);
  /// Visits the runs of the chunks that hold the bytes [from, to); `visit` also gets where the run begins in the
  /// object.
  void visitBytes(std::uint64_t from, std::uint64_t to,
                  const std::function<void(const ChunkRun&, std::uint64_t start)>& visit);

 private:
  void use(IndexedObject object);
  ChunkRun runOf(std::size_t extent);

  Packs& packs_;
  IndexedObject object_;
  std::vector<std::uint64_t> firstChunks_, firstBytes_;  ///< of each extent, and of the end
};

}  // namespace regesta::blob

#pragma once
#include <condition_variable>
#include <deque>

#include "base/sync.h"
#include "blob/packs.h"

namespace regesta::blob {

/// A run of chunks of an object that is being stored; pack 0: of the pack that its writer is building.
struct PendingExtent {
  IndexedExtent indexed;
  PackName name;
};
struct PendingObject {
  std::string digest;
  xet::Tree::Hashes hashes;
  std::uint64_t size = 0;
  std::vector<PendingExtent> extents;
  std::optional<xet::Hash> firstChunk = {};  ///< set when it is made of stored chunks
  /// For the index, and for the pack `own`; the chunks of pack 0 begin at `first`.
  NewObject forIndex(std::uint32_t first) const;
  ObjectRecord forPack(const PackName& own, std::uint32_t first) const;
};

/// Small objects that are committed at about the same time share a pack, its fsync and the transaction that registers
/// it: writers that arrive while one is written wait for the next.
class PackBatch {
 public:
  explicit PackBatch(Packs& packs) : packs_(packs) {}
  /// `part` holds the object's own chunks in memory. Returns when the object is durable and visible.
  void commit(const PackBuilder& part, const PendingObject& object);

 private:
  struct Job {
    const PackBuilder* part;
    const PendingObject* object;
    bool done = false;
    std::exception_ptr failure;
  };
  struct State {
    std::deque<Job*> waiting;
    bool leading = false;
  };
  static std::vector<Job*> take(State& state);
  void store(const std::vector<Job*>& jobs);

  Packs& packs_;
  Sync<State> state_;
  std::condition_variable changed_;
};

}  // namespace regesta::blob

#pragma once
#include <set>

#include "blob/pack_store.h"

namespace regesta::blob {

struct Reindexed {
  std::uint64_t packs = 0, newPacks = 0, newObjects = 0;
  std::vector<PackName> damaged;  ///< packs without a readable footer, and packs of the index without a file
  std::set<Digest> incomplete;    ///< objects some of whose packs are gone: lost, or collected as garbage
};
/// Makes the index say what the packs say: registers packs and objects that it lacks and marks packs that are gone.
/// Safe during uploads.
Reindexed reindex(Packs& packs);

/// Reads a pack and compares everything in it with its hashes; `pace` receives the bytes of each read and may wait.
/// What is wrong, or an empty text.
std::string faultOfPack(Packs& packs, const IndexedPack& pack, const std::function<void(std::size_t)>& pace);

struct Converted {
  std::uint64_t files = 0, bytes = 0;
  std::vector<Digest> damaged;  ///< whole files that are not what their name says; they stay as they are
  bool more = false;            ///< it stopped before the last one
};
/// Moves blobs that are whole files into packs until `until` (milliseconds): each is removed once its pack and index
/// are durable.
Converted convertWholeFiles(PackStore& store, std::int64_t until);

}  // namespace regesta::blob

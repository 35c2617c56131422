#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "blob/packs.h"

namespace regesta::blob {

/// Garbage collection in two steps with a grace period between them: what nothing uses is condemned, and what is still
/// unused after the period is removed. Storing the content again in between keeps it. The caller decides, in the
/// transaction that removes, which objects nothing refers to (registry/content_collect.h).
struct CollectedObject {
  std::int64_t id = 0;
  std::string digest;
  std::uint64_t size = 0;
  std::int64_t touchedAt = 0, condemnedAt = 0;
};
std::vector<CollectedObject> objectsAfter(db::Transaction& transaction, std::string_view place, std::string_view digest,
                                          std::size_t count);
/// It is not condemned any more.
void keepObject(db::Transaction& transaction, std::int64_t object);
/// False when it is condemned already or was stored again since `cutoff`.
bool condemnObject(db::Transaction& transaction, std::int64_t object, std::int64_t cutoff, std::int64_t at);
/// False when it was not condemned before `cutoff`, or not any more.
bool removeObject(db::Transaction& transaction, std::int64_t object, std::int64_t cutoff);

struct PackCollection {
  std::uint64_t condemned = 0, removed = 0, removedBytes = 0;
  std::uint64_t strays = 0;  ///< files that no row names, of uploads that ended before they were registered
};
/// Condemns packs that no object uses and removes those condemned before `cutoff`; with `dryRun` only counts. Throws
/// Error{unavailable} while a backup reads the packs.
PackCollection collectPacks(Packs& packs, std::int64_t now, std::int64_t cutoff, bool dryRun);

/// Merges small packs, and rewrites packs more than half of whose bytes nothing uses, one new pack per call. The old
/// packs are condemned. Returns how many packs it replaced; 0: nothing is worth it.
std::size_t rewritePacks(Packs& packs, std::int64_t now);

}  // namespace regesta::blob

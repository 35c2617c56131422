#include "blob/shared_bytes.h"

#include <algorithm>
#include <map>

namespace regesta::blob {
namespace {

/// Chunks from `first` up to `end`.
struct Run {
  std::uint32_t first = 0, end = 0;
};
using Runs = std::map<std::int64_t, std::vector<Run>>;  // by pack

/// In order and apart from each other.
Runs runsOf(const IndexedObject& object) {
  Runs all;
  for (const IndexedExtent& extent : object.extents)
    all[extent.pack].push_back({extent.first, extent.first + extent.count});
  for (auto& [pack, runs] : all) {
    std::ranges::sort(runs, {}, &Run::first);
    std::vector<Run> apart;
    for (const Run& run : runs) {
      if (!apart.empty() && run.first <= apart.back().end)
        apart.back().end = std::max(apart.back().end, run.end);
      else
        apart.push_back(run);
    }
    runs = std::move(apart);
  }
  return all;
}

std::uint64_t sharedIn(const OpenPack& pack, const IndexedExtent& extent, const std::vector<Run>& runs) {
  std::uint64_t bytes = 0;
  auto run = std::ranges::upper_bound(runs, extent.first, {}, &Run::end);
  for (; run != runs.end() && run->first < extent.first + extent.count; ++run) {
    std::uint32_t first = std::max(run->first, extent.first), end = std::min(run->end, extent.first + extent.count);
    if (end <= pack.chunks()) bytes += pack.before(end) - pack.before(first);
  }
  return bytes;
}

}  // namespace

std::uint64_t sharedBytes(Packs& packs, const IndexedObject& object, const IndexedObject& other) {
  if (object.digest == other.digest) return object.size;
  Runs known = runsOf(other);
  std::uint64_t bytes = 0;
  for (const IndexedExtent& extent : object.extents) {
    auto found = known.find(extent.pack);
    if (found == known.end()) continue;
    if (auto pack = packs.open(extent.pack)) bytes += sharedIn(*pack, extent, found->second);
  }
  return bytes;
}

}  // namespace regesta::blob

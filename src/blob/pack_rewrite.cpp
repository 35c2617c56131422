#include <algorithm>
#include <map>

#include "base/time.h"
#include "blob/pack_collect.h"

namespace regesta::blob {
namespace {

constexpr std::uint64_t smallPack = 16 * 1024 * 1024;
constexpr std::size_t fewSmallPacks = 8;  // are left as they are
constexpr std::uint64_t bytesPerRewrite = 60 * 1024 * 1024;

struct Candidate {
  std::shared_ptr<const OpenPack> pack;
  std::vector<bool> live;  ///< chunks that objects use
  std::uint64_t liveBytes = 0, liveChunks = 0;
};

/// Marks the chunks of the packs that the objects use.
void mark(std::map<std::int64_t, Candidate>& candidates, const std::vector<IndexedObject>& objects) {
  for (const IndexedObject& object : objects)
    for (const IndexedExtent& extent : object.extents) {
      auto found = candidates.find(extent.pack);
      if (found == candidates.end()) continue;
      Candidate& candidate = found->second;
      for (std::uint32_t i = extent.first; i < extent.first + extent.count && i < candidate.live.size(); ++i) {
        if (candidate.live[i]) continue;
        candidate.live[i] = true;
        candidate.liveChunks += 1;
        candidate.liveBytes += candidate.pack->footer().chunks[i].end - candidate.pack->footer().start(i);
      }
    }
}

/// The packs that are worth rewriting: small ones when there are several, and large ones that are mostly unused.
std::map<std::int64_t, Candidate> choose(Packs& packs) {
  std::vector<IndexedPack> small, large;
  packs.index().listPacks([&](const IndexedPack& pack) {
    if (pack.condemnedAt == 0 && pack.damagedAt == 0) (pack.size < smallPack ? small : large).push_back(pack);
  });
  std::map<std::int64_t, Candidate> chosen;
  std::uint64_t bytes = 0, chunks = 0;
  bool worthIt = false;
  auto consider = [&](const IndexedPack& pack, bool anyway) {
    std::map<std::int64_t, Candidate> one;
    auto opened = packs.open(pack.id);
    if (!opened) return;
    one[pack.id] = {opened, std::vector<bool>(opened->chunks()), 0, 0};
    std::vector<IndexedObject> objects = packs.index().objectsUsing({pack.id});
    if (objects.empty()) return;  // collected as a whole
    mark(one, objects);
    Candidate& candidate = one[pack.id];
    bool mostlyUnused = candidate.liveBytes * 2 < opened->footer().start(opened->chunks());
    if (!anyway && !mostlyUnused) return;
    if (bytes + candidate.liveBytes > bytesPerRewrite || chunks + candidate.liveChunks > xet::xorbChunks) return;
    bytes += candidate.liveBytes;
    chunks += candidate.liveChunks;
    worthIt = worthIt || mostlyUnused;
    chosen.merge(one);
  };
  std::ranges::sort(small, {}, &IndexedPack::size);
  bool many = small.size() > fewSmallPacks;
  for (const IndexedPack& pack : small) consider(pack, many);
  for (const IndexedPack& pack : large) {
    if (bytes >= smallPack) break;
    consider(pack, false);
  }
  if (!worthIt && chosen.size() < 2) chosen.clear();
  return chosen;
}

using NewPlaces = std::map<std::pair<std::int64_t, std::uint32_t>, std::uint32_t>;

NewPlaces copyChunks(Packs& packs, const std::map<std::int64_t, Candidate>& candidates, PackBuilder& builder) {
  NewPlaces places;
  std::string content;
  for (const auto& [id, candidate] : candidates) {
    Packs::Window window;
    for (std::uint32_t i = 0; i < candidate.live.size(); ++i) {
      if (!candidate.live[i]) continue;
      const ChunkEntry& chunk = candidate.pack->footer().chunks[i];
      auto place = builder.find(chunk.hash);
      if (!place) {
        packs.readChunk(*candidate.pack, i, candidate.live.size() - 1, window, content);
        std::uint32_t start = candidate.pack->footer().start(i);
        place =
            builder.addRecord(chunk, std::string_view(window.bytes).substr(start - window.start, chunk.end - start));
      }
      places[{id, i}] = *place;
    }
  }
  return places;
}

std::vector<IndexedExtent> movedExtents(const IndexedObject& object,
                                        const std::map<std::int64_t, Candidate>& candidates, const NewPlaces& places) {
  std::vector<IndexedExtent> moved;
  auto add = [&](const IndexedExtent& extent) {
    if (!moved.empty() && moved.back().pack == extent.pack && moved.back().first + moved.back().count == extent.first) {
      moved.back().count += extent.count;
      moved.back().length += extent.length;
    } else {
      moved.push_back(extent);
    }
  };
  for (const IndexedExtent& extent : object.extents) {
    auto found = candidates.find(extent.pack);
    if (found == candidates.end()) {
      add(extent);
      continue;
    }
    for (std::uint32_t i = extent.first; i < extent.first + extent.count; ++i)
      add({0, places.at({extent.pack, i}), 1, found->second.pack->footer().chunks.at(i).length});
  }
  return moved;
}

ObjectRecord recordOf(Packs& packs, const IndexedObject& object, const std::vector<IndexedExtent>& extents,
                      const PackName& own, std::int64_t now) {
  ObjectRecord record{object.digest, xet::hashOf(object.xet), object.size, now, {}};
  for (const IndexedExtent& extent : extents) {
    std::string name = own;
    if (extent.pack != 0) {
      auto pack = packs.index().pack(extent.pack);
      if (!pack) return {};
      name = pack->name;
    }
    record.extents.push_back({std::move(name), extent.first, extent.count});
  }
  return record;
}

}  // namespace

std::size_t rewritePacks(Packs& packs, std::int64_t now) {
  std::map<std::int64_t, Candidate> candidates = choose(packs);
  if (candidates.empty()) return 0;
  std::vector<std::int64_t> old;
  for (const auto& [id, candidate] : candidates) old.push_back(id);
  std::vector<IndexedObject> objects = packs.index().objectsUsing(old);
  mark(candidates, objects);  // uploads may have begun to use more of them
  PackBuilder builder(packs.medium().spools());
  NewPlaces places = copyChunks(packs, candidates, builder);
  std::vector<PackIndex::Move> moves;
  for (IndexedObject& object : objects) {
    std::vector<IndexedExtent> extents = movedExtents(object, candidates, places);
    ObjectRecord record = recordOf(packs, object, extents, builder.name(), now);
    if (record.digest.empty()) return 0;
    builder.addObject(std::move(record));
    moves.push_back({std::move(object), std::move(extents)});
  }
  Spool& file = builder.finish();
  std::uint64_t size = file.size();
  packs.medium().publish(file, builder.name());
  bool replaced = packs.index().replace({builder.name(), size, &builder.footer()}, moves, old, now);
  if (!replaced) packs.medium().remove(builder.name());
  return replaced ? old.size() : 0;
}

}  // namespace regesta::blob

#include "blob/pack_reindex.h"

#include <algorithm>

#include "base/error.h"
#include "base/time.h"
#include "crypto/hash.h"

namespace regesta::blob {
namespace {

constexpr std::size_t readSize = 1024 * 1024;

/// The object as the index has it; nothing when one of its packs is not known or lacks the chunks.
std::optional<NewObject> resolve(Packs& packs, const ObjectRecord& record) {
  NewObject object{record.digest, xet::text(record.xet), record.size, {}};
  std::uint64_t size = 0;
  for (const Extent& extent : record.extents) {
    auto row = packs.index().packNamed(extent.pack);
    if (!row || row->damagedAt != 0) return std::nullopt;
    auto pack = packs.open(row->id);
    std::size_t end = std::size_t{extent.first} + extent.count;
    if (!pack || end > pack->chunks()) return std::nullopt;
    std::uint64_t length = pack->before(end) - pack->before(extent.first);
    object.extents.push_back({row->id, extent.first, extent.count, length});
    size += length;
  }
  return size == record.size ? std::optional(std::move(object)) : std::nullopt;
}

void adoptObjects(Packs& packs, const PackName& name, const PackFooter& footer, Reindexed& done) {
  auto own = packs.index().packNamed(name);
  if (!own) return;
  for (const ObjectRecord& record : footer.objects) {
    if (packs.index().find(record.digest)) continue;
    auto object = resolve(packs, record);
    if (!object) {
      done.incomplete.insert(record.digest);
      continue;
    }
    packs.index().add(*object, own->id);
    done.newObjects += 1;
  }
}

}  // namespace

Reindexed reindex(Packs& packs) {
  Reindexed done;
  Medium& stored = packs.medium().stored();
  std::vector<Medium::Item> found;
  packs.medium().list([&](const Medium::Item& item) { found.push_back(item); });
  // The newest first: of several records of an object the last one is the one that packs were not rewritten since.
  std::ranges::sort(found, std::greater<>(), &Medium::Item::modifiedAt);
  for (const Medium::Item& item : found) {
    if (packs.index().packNamed(item.name)) continue;
    auto footer = loadFooter(stored, item.name, item.size);
    if (!footer) {
      done.damaged.push_back(item.name);
      continue;
    }
    packs.index().adopt({item.name, item.size, &*footer});
    done.newPacks += 1;
  }
  for (const Medium::Item& item : found) {
    if (auto footer = loadFooter(stored, item.name, item.size)) adoptObjects(packs, item.name, *footer, done);
    ++done.packs;
  }
  std::erase_if(done.incomplete, [&](const Digest& digest) { return packs.index().find(digest).has_value(); });
  packs.index().listPacks([&](const IndexedPack& pack) {
    std::string byte(1, '\0');
    if (pack.condemnedAt != 0 || stored.read(pack.name, 0, byte) == 1 || !packs.index().pack(pack.id)) return;
    packs.index().markDamaged(pack.id);
    done.damaged.push_back(pack.name);
  });
  return done;
}

std::string faultOfPack(Packs& packs, const IndexedPack& row, const std::function<void(std::size_t)>& pace) {
  std::shared_ptr<const OpenPack> pack;
  packs.forget(row.id);
  try {
    pack = packs.open(row.id, packs.medium().stored());
    if (!pack) return {};  // it was collected in the meantime
    xet::Tree tree;
    Packs::Window window;
    window.stored = true;
    std::string chunk;
    for (std::size_t i = 0; i < pack->chunks(); ++i) {
      std::uint32_t start = pack->footer().start(i);
      if (start % readSize + (pack->footer().chunks[i].end - start) >= readSize) pace(readSize);
      packs.readChunk(*pack, i, pack->chunks() - 1, window, chunk);
      tree.add(pack->footer().chunks[i].hash, chunk.size());
    }
    if (tree.hashes().root != pack->footer().root) {
      packs.index().markDamaged(row.id);
      return fmt::format("the pack {} has a Merkle root that its chunks do not have", row.name);
    }
  } catch (const Error& failure) {
    if (failure.code != Code::corrupt) throw;
    return failure.message;
  }
  return {};
}

Converted convertWholeFiles(PackStore& store, std::int64_t until) {
  Converted done;
  BlobStore* files = store.wholeFiles();
  if (files == nullptr) return done;
  std::vector<Stored> found;
  files->list([&](const Stored& stored) { found.push_back(stored); });
  std::vector<char> buffer(readSize);
  for (const Stored& stored : found) {
    if (nowMillis() >= until) {
      done.more = true;
      return done;
    }
    auto reader = files->open(stored.digest);
    if (!reader) continue;
    auto writer = store.create();
    try {
      for (std::uint64_t at = 0; std::size_t count = reader->read(at, buffer); at += count)
        writer->write({buffer.data(), count});
    } catch (const Error& failure) {
      if (failure.code != Code::corrupt) throw;
      done.damaged.push_back(stored.digest);
      continue;
    }
    if (reader->size() == 0 && stored.digest != crypto::sha256Hex("")) {
      done.damaged.push_back(stored.digest);  // no piece was compared
      continue;
    }
    writer->commit();
    files->remove(stored.digest);
    done.files += 1;
    done.bytes += stored.size;
  }
  return done;
}

}  // namespace regesta::blob

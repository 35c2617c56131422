#include "blob/pack_writer.h"

#include "base/error.h"

namespace regesta::blob {
namespace {

constexpr std::size_t knownPacks = 8;
constexpr std::size_t worthAThread = 64 * 1024;

}  // namespace

PackWriter::PackWriter(Packs& packs, PackBatch& batch)
    : packs_(packs), batch_(batch), builder_(packs.medium().spools()) {}

/// An operation that throws leaves the writer broken: what it holds then is not what was hashed.
void PackWriter::begin() {
  if (broken_) throw Error(Code::unavailable, "an earlier write of this content failed");
  broken_ = true;
}

void PackWriter::write(std::string_view bytes) {
  begin();
  if (bytes.size() >= worthAThread) {
    side_.both([&] { sha_.update(bytes); }, [&] { cut(bytes); });
  } else {
    sha_.update(bytes);
    cut(bytes);
  }
  object_.size += bytes.size();
  broken_ = false;
}

void PackWriter::cut(std::string_view bytes) {
  while (!bytes.empty()) {
    auto [taken, ends] = chunker_.next(bytes);
    std::string_view piece = bytes.substr(0, taken);
    bytes.remove_prefix(taken);
    if (open_.empty() && ends) {
      addChunk(piece);
      continue;
    }
    open_ += piece;
    if (!ends) continue;
    addChunk(open_);
    open_.clear();
  }
}

std::optional<PackWriter::Place> PackWriter::findInKnown(const xet::Hash& hash) const {
  if (auto chunk = builder_.find(hash)) return Place{nullptr, *chunk};
  for (const auto& pack : known_)
    if (auto chunk = pack->find(hash)) return Place{pack, *chunk};
  return std::nullopt;
}

/// The index is asked for the chunks it may know by hash (pack_index.h) and for the chunk that follows each match.
std::optional<PackWriter::Place> PackWriter::find(const xet::Hash& hash, bool first) {
  if (auto place = findInKnown(hash)) return place;
  if (!first && !lastFound_ && !isHook(hash)) return std::nullopt;
  auto id = packs_.index().packWith(hash);
  if (!id) return std::nullopt;
  std::shared_ptr<const OpenPack> pack;
  try {
    pack = packs_.open(*id);
  } catch (const Error& failure) {
    if (failure.code != Code::corrupt) throw;  // then the bytes are stored again
  }
  auto chunk = pack ? pack->find(hash) : std::nullopt;
  if (!chunk) return std::nullopt;
  known_.insert(known_.begin(), pack);
  if (known_.size() > knownPacks) known_.pop_back();
  return Place{std::move(pack), *chunk};
}

void PackWriter::addChunk(std::string_view chunk) {
  xet::Hash hash = xet::chunkHash(chunk);
  place(hash, chunk.size(), [&] { return builder_.add(hash, chunk); });
}

void PackWriter::addRecord(const xet::Hash& hash, std::string_view chunk, std::string_view record) {
  begin();
  auto store = [&] {
    ChunkEntry entry{hash, 0, static_cast<std::uint32_t>(chunk.size())};
    // A client may have packed a chunk into more bytes than it has.
    bool worse = record.size() > chunk.size() + xet::recordHeader;
    return worse ? builder_.add(hash, chunk) : builder_.addRecord(entry, record);
  };
  if (chunk.size() >= worthAThread / 2) {
    side_.both([&] { sha_.update(chunk); }, [&] { place(hash, chunk.size(), store); });
  } else {
    sha_.update(chunk);
    place(hash, chunk.size(), store);
  }
  object_.size += chunk.size();
  broken_ = false;
}

void PackWriter::place(const xet::Hash& hash, std::size_t length, const std::function<std::uint32_t()>& store) {
  tree_.add(hash, length);
  std::optional<Place> place = find(hash, object_.extents.empty());
  lastFound_ = place.has_value();
  if (!place) {
    if (!builder_.hasRoom()) closePack(nullptr);
    place = Place{nullptr, store()};
  }
  refer(*place, length);
}

void PackWriter::refer(const Place& place, std::size_t length) {
  std::int64_t pack = place.pack ? place.pack->row().id : 0;
  if (!object_.extents.empty()) {
    IndexedExtent& last = object_.extents.back().indexed;
    if (last.pack == pack && last.first + last.count == place.chunk) {
      ++last.count;
      last.length += length;
      return;
    }
  }
  object_.extents.push_back({{pack, place.chunk, 1, length}, place.pack ? place.pack->row().name : PackName()});
}

void PackWriter::closePack(const PendingObject* object) {
  if (object != nullptr) builder_.addObject(object->forPack(builder_.name(), 0));
  Spool& file = builder_.finish();
  std::uint64_t size = file.size();
  packs_.medium().publish(file, builder_.name());
  std::vector<NewObject> objects;
  if (object != nullptr) objects.push_back(object->forIndex(0));
  std::int64_t id = packs_.index().add({builder_.name(), size, &builder_.footer()}, objects);
  for (PendingExtent& extent : object_.extents)
    if (extent.indexed.pack == 0) {
      extent.indexed.pack = id;
      extent.name = builder_.name();
    }
  builder_ = PackBuilder(packs_.medium().spools());
}

const Digest& PackWriter::finish() {
  if (object_.digest.empty()) object_.digest = crypto::hex(sha_.finish());
  return object_.digest;
}

Stored PackWriter::commit() {
  begin();
  if (!open_.empty()) addChunk(open_);
  finish();
  object_.hashes = tree_.hashes();
  Stored stored{object_.digest, object_.size};
  if (packs_.index().touch(stored.digest)) return stored;
  if (builder_.inMemory())
    batch_.commit(builder_, object_);
  else
    closePack(&object_);
  return stored;
}

}  // namespace regesta::blob

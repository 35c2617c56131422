#include "blob/pack_reader.h"

#include <algorithm>

namespace regesta::blob {

PackReader::PackReader(Packs& packs, IndexedObject object) : packs_(packs), check_(object.digest, object.size) {
  use(std::move(object));
}

void PackReader::use(IndexedObject object) {
  object_ = std::move(object);
  ends_.clear();
  std::uint64_t end = 0;
  for (const IndexedExtent& extent : object_.extents) ends_.push_back(end += extent.length);
  if (end != object_.size)
    throw error(Code::corrupt, "the index has {} of {} bytes of {}: run regesta blob reindex", end, object_.size,
                object_.digest);
}

std::size_t PackReader::read(std::uint64_t offset, std::span<char> into) {
  if (offset >= size() || into.empty()) return 0;
  std::size_t want = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), size() - offset)), have = 0;
  while (have < want) {
    std::uint64_t at = offset + have;
    if (at < chunkStart_ || at >= chunkStart_ + chunk_.size()) load(at);
    std::string_view rest = std::string_view(chunk_).substr(static_cast<std::size_t>(at - chunkStart_));
    rest = rest.substr(0, want - have);
    std::ranges::copy(rest, into.data() + have);
    have += rest.size();
  }
  check_.read(offset, {into.data(), have});
  return have;
}

std::size_t PackReader::extentAt(std::uint64_t offset) const {
  return static_cast<std::size_t>(std::ranges::upper_bound(ends_, offset) - ends_.begin());
}

std::shared_ptr<const OpenPack> PackReader::openPack(std::uint64_t offset, std::size_t& extent) {
  extent = extentAt(offset);
  if (auto pack = packs_.open(object_.extents[extent].pack)) return pack;
  // Its pack was rewritten since the object was opened: the index knows where the bytes are now.
  if (auto moved = packs_.index().find(object_.digest)) {
    use(*std::move(moved));
    extent = extentAt(offset);
    if (auto pack = packs_.open(object_.extents[extent].pack)) return pack;
  }
  throw error(Code::corrupt, "the pack {} is missing: restore it from a backup or upload the content again",
              object_.digest);
}

void PackReader::load(std::uint64_t offset) {
  std::size_t at = 0;
  std::shared_ptr<const OpenPack> pack = openPack(offset, at);
  const IndexedExtent& extent = object_.extents[at];
  std::uint64_t start = ends_[at] - extent.length;
  std::size_t last = std::size_t{extent.first} + extent.count;
  if (last > pack->chunks() || pack->before(last) - pack->before(extent.first) != extent.length)
    throw error(Code::corrupt, "the index and the pack {} differ about {}: run regesta blob reindex", pack->row().name,
                object_.digest);
  std::size_t chunk = pack->chunkAt(pack->before(extent.first) + (offset - start));
  chunk_.clear();
  packs_.readChunk(*pack, chunk, last - 1, window_, chunk_);
  chunkStart_ = start + pack->before(chunk) - pack->before(extent.first);
}

}  // namespace regesta::blob

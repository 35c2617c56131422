#include "blob/assembly.h"

#include "base/error.h"

namespace regesta::blob {

void Assembly::add(const ChunkRun& run) {
  for (const ChunkEntry& chunk : run.chunks()) tree_.add(chunk.hash, chunk.length);
  if (object_.size == 0) object_.firstChunk = run.chunks().front().hash;
  object_.size += run.length();
  std::int64_t pack = run.pack->row().id;
  if (!object_.extents.empty()) {
    IndexedExtent& last = object_.extents.back().indexed;
    if (last.pack == pack && last.first + last.count == run.first) {
      last.count += run.count;
      last.length += run.length();
      return;
    }
  }
  object_.extents.push_back({{pack, run.first, run.count, run.length()}, run.pack->row().name});
}

bool Assembly::read(std::uint64_t bytes) {
  std::shared_ptr<const OpenPack> pack;
  for (std::uint64_t until = bytesRead_ + bytes; extent_ < object_.extents.size() && bytesRead_ < until;) {
    const IndexedExtent& extent = object_.extents[extent_].indexed;
    if (!pack || pack->row().id != extent.pack) pack = packs_.open(extent.pack);
    if (!pack) throw Error(Code::unavailable, "a pack was rewritten in the meantime: repeat the request");
    side_.both(
        [&] { sha_.update(previous_); },
        [&] { packs_.readChunk(*pack, extent.first + chunk_, extent.first + extent.count - 1, window_, next_); });
    std::swap(next_, previous_);
    bytesRead_ += previous_.size();
    if (++chunk_ == extent.count) {
      ++extent_;
      chunk_ = 0;
    }
  }
  if (extent_ < object_.extents.size()) return true;
  sha_.update(previous_);
  object_.digest = crypto::hex(sha_.finish());
  return false;
}

Stored Assembly::commit() {
  REGESTA_INVARIANT(!object_.digest.empty());
  object_.hashes = tree_.hashes();
  Stored stored{object_.digest, object_.size};
  if (!packs_.index().touch(stored.digest)) batch_.commit(PackBuilder(packs_.medium().spools()), object_);
  return stored;
}

}  // namespace regesta::blob

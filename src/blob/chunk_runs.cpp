#include "blob/chunk_runs.h"

#include <algorithm>

#include "base/error.h"

namespace regesta::blob {
namespace {

/// The last extent that begins at or before `at`.
std::size_t extentAt(const std::vector<std::uint64_t>& firsts, std::uint64_t at) {
  return static_cast<std::size_t>(std::ranges::upper_bound(firsts, at) - firsts.begin()) - 1;
}

}  // namespace

ObjectChunks::ObjectChunks(Packs& packs, IndexedObject object) : packs_(packs) { use(std::move(object)); }

void ObjectChunks::use(IndexedObject object) {
  object_ = std::move(object);
  firstChunks_ = firstBytes_ = {0};
  for (const IndexedExtent& extent : object_.extents) {
    firstChunks_.push_back(firstChunks_.back() + extent.count);
    firstBytes_.push_back(firstBytes_.back() + extent.length);
  }
  if (firstBytes_.back() != object_.size)
    throw error(Code::corrupt, "the index has {} of {} bytes of {}: run regesta blob reindex", firstBytes_.back(),
                object_.size, object_.digest);
}

ChunkRun ObjectChunks::runOf(std::size_t extent) {
  const IndexedExtent& each = object_.extents[extent];
  ChunkRun run{packs_.open(each.pack), each.first, each.count};
  if (!run.pack)
    throw error(Code::unavailable, "a pack of {} was rewritten in the meantime: repeat the request", object_.digest);
  if (std::size_t{run.first} + run.count > run.pack->chunks() || run.length() != each.length)
    throw error(Code::corrupt, "the index and the pack {} differ about {}: run regesta blob reindex",
                run.pack->row().name, object_.digest);
  return run;
}

void ObjectChunks::visitChunks(std::uint64_t first, std::uint64_t count,
                               const std::function<void(const ChunkRun&)>& visit) {
  REGESTA_INVARIANT(first <= this->count() && count <= this->count() - first);
  for (std::uint64_t at = first, end = first + count; at < end;) {
    std::size_t extent = extentAt(firstChunks_, at);
    ChunkRun run = runOf(extent);
    std::uint64_t skipped = at - firstChunks_[extent];
    run.first += static_cast<std::uint32_t>(skipped);
    run.count = static_cast<std::uint32_t>(std::min<std::uint64_t>(run.count - skipped, end - at));
    visit(run);
    at += run.count;
  }
}

void ObjectChunks::visitBytes(std::uint64_t from, std::uint64_t to,
                              const std::function<void(const ChunkRun&, std::uint64_t)>& visit) {
  to = std::min(to, object_.size);
  for (std::uint64_t at = from; at < to;) {
    std::size_t extent = extentAt(firstBytes_, at);
    ChunkRun run = runOf(extent);
    std::uint64_t extentStart = firstBytes_[extent], before = run.pack->before(run.first);
    auto first = static_cast<std::uint32_t>(run.pack->chunkAt(before + (at - extentStart)));
    std::uint64_t lastByte = std::min(to, firstBytes_[extent + 1]) - 1;
    auto last = static_cast<std::uint32_t>(run.pack->chunkAt(before + (lastByte - extentStart)));
    std::uint64_t start = extentStart + run.pack->before(first) - before;
    run = {run.pack, first, last - first + 1};
    visit(run, start);
    at = start + run.length();
  }
}

}  // namespace regesta::blob

#include "blob/packs.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "base/log.h"

namespace regesta::blob {
namespace {

constexpr std::size_t rememberedChunks = 400'000;  // of footers, about 20 MB
constexpr std::size_t likelyFooter = 64 * 1024;    // what is read to have most footers at once

}  // namespace

OpenPack::OpenPack(IndexedPack row, PackFooter footer) : row_(std::move(row)), footer_(std::move(footer)) {
  before_.reserve(footer_.chunks.size() + 1);
  before_.push_back(0);
  for (const ChunkEntry& chunk : footer_.chunks) before_.push_back(before_.back() + chunk.length);
  footer_.objects = {};
  sorted_.resize(footer_.chunks.size());
  std::iota(sorted_.begin(), sorted_.end(), 0);
  std::ranges::sort(sorted_, {}, [&](std::uint32_t i) -> const xet::Hash& { return footer_.chunks[i].hash; });
}

std::size_t OpenPack::chunkAt(std::uint64_t offset) const {
  return static_cast<std::size_t>(std::ranges::upper_bound(before_, offset) - before_.begin()) - 1;
}

std::optional<std::uint32_t> OpenPack::find(const xet::Hash& hash) const {
  auto hashAt = [&](std::uint32_t i) -> const xet::Hash& { return footer_.chunks[i].hash; };
  auto found = std::ranges::lower_bound(sorted_, hash, {}, hashAt);
  return found == sorted_.end() || hashAt(*found) != hash ? std::nullopt : std::optional(*found);
}

std::optional<PackFooter> loadFooter(Medium& medium, const PackName& name, std::uint64_t size) {
  if (size < trailerBytes) return std::nullopt;
  std::string tail(static_cast<std::size_t>(std::min<std::uint64_t>(size, likelyFooter)), '\0');
  if (medium.read(name, size - tail.size(), tail) != tail.size()) return std::nullopt;
  auto wanted = footerBytes(tail);
  if (!wanted || *wanted > size) return std::nullopt;
  if (*wanted > tail.size()) {
    tail.resize(static_cast<std::size_t>(*wanted));
    if (medium.read(name, size - tail.size(), tail) != tail.size()) return std::nullopt;
  }
  return readFooter(std::string_view(tail).substr(tail.size() - static_cast<std::size_t>(*wanted)));
}

std::shared_ptr<const OpenPack> Packs::open(std::int64_t pack, Medium& from) {
  {
    std::lock_guard lock(mutex_);
    if (auto found = places_.find(pack); found != places_.end()) {
      kept_.splice(kept_.begin(), kept_, found->second);
      return kept_.front();
    }
  }
  auto row = index_.pack(pack);
  if (!row) return nullptr;
  auto footer = loadFooter(from, row->name, row->size);
  if (!footer) {
    // A pack that was condemned is removed eventually; a late reader looks the object up again.
    if (row->condemnedAt != 0 || !index_.pack(pack)) return nullptr;
    damaged(*row, "is missing, truncated or has a damaged footer");
  }
  auto opened = std::make_shared<const OpenPack>(*std::move(row), *std::move(footer));
  std::lock_guard lock(mutex_);
  if (places_.contains(pack)) return opened;
  kept_.push_front(opened);
  places_[pack] = kept_.begin();
  keptChunks_ += opened->chunks();
  while (keptChunks_ > rememberedChunks && kept_.size() > 1) {
    keptChunks_ -= kept_.back()->chunks();
    places_.erase(kept_.back()->row().id);
    kept_.pop_back();
  }
  return opened;
}

void Packs::readChunk(const OpenPack& pack, std::size_t chunk, std::size_t last, Window& window, std::string& into) {
  const PackFooter& footer = pack.footer();
  std::uint32_t start = footer.start(chunk), end = footer.chunks[chunk].end;
  bool inWindow = window.pack == pack.row().id && start >= window.start && end <= window.start + window.bytes.size();
  if (!inWindow) {
    Medium& from = window.stored ? medium_->stored() : *medium_;
    std::size_t ahead = start + from.readAhead();
    std::size_t until = std::max<std::size_t>(end, std::min<std::size_t>(footer.chunks[last].end, ahead));
    window.pack = pack.row().id;
    window.start = start;
    window.bytes.resize(until - start);
    window.bytes.resize(from.read(pack.row().name, start, window.bytes));
    if (window.bytes.size() < end - start) {
      window.pack = 0;
      damaged(pack.row(), fmt::format("ends before byte {}", end));
    }
  }
  into.resize(footer.chunks[chunk].length);
  std::string_view record = std::string_view(window.bytes).substr(start - window.start, end - start);
  if (!xet::decode(record, into) || xet::chunkHash(into) != footer.chunks[chunk].hash) {
    window.pack = 0;
    into.clear();
    damaged(pack.row(), fmt::format("has a damaged chunk at byte {}", start));
  }
}

void Packs::publish(PackBuilder& builder) { medium_->publish(builder.finish(), builder.name()); }

void Packs::forget(std::int64_t pack) {
  std::lock_guard lock(mutex_);
  auto found = places_.find(pack);
  if (found == places_.end()) return;
  keptChunks_ -= (*found->second)->chunks();
  kept_.erase(found->second);
  places_.erase(found);
}

void Packs::damaged(const IndexedPack& pack, const std::string& what) {
  forget(pack.id);
  try {
    index_.markDamaged(pack.id);
  } catch (const std::exception& failure) {
    log(LogLevel::warn, "a damaged pack could not be marked", {{"pack", pack.name}, {"reason", failure.what()}});
  }
  throw error(Code::corrupt, "the pack {} {}: restore it from a backup or upload the content again", pack.name, what);
}

}  // namespace regesta::blob

#include <algorithm>
#include <filesystem>

#include "blob/block_cache.h"
#include "blob/medium.h"

namespace regesta::blob {
namespace {

constexpr std::size_t blockBytes = BlockCache::blockBytes;

/// Reads whole blocks of the other medium and keeps them.
class CachedMedium final : public Medium {
 public:
  CachedMedium(std::unique_ptr<Medium> medium, const std::string& folder, std::uint64_t limit)
      : medium_(std::move(medium)), cache_(folder, limit) {}

  const std::string& place() const override { return medium_->place(); }
  const std::string& name() const override { return medium_->name(); }
  const std::string& spools() const override { return medium_->spools(); }
  std::size_t readAhead() const override { return medium_->readAhead(); }
  void publish(Spool& spool, const PackName& name) override { medium_->publish(spool, name); }
  std::shared_ptr<void> lockForRemoval() override { return medium_->lockForRemoval(); }
  void list(const std::function<void(const Item&)>& visit) override { medium_->list(visit); }
  std::string outage() override { return medium_->outage(); }
  Medium& stored() override { return *medium_; }

  bool remove(const PackName& name) override {
    cache_.forget(name);
    return medium_->remove(name);
  }

  std::size_t read(const PackName& name, std::uint64_t offset, std::span<char> into) override {
    std::size_t have = 0;
    while (have < into.size()) {
      std::uint64_t at = offset + have, block = at / blockBytes, last = (offset + into.size() - 1) / blockBytes;
      std::string bytes = load(name, block, last);
      std::size_t skip = static_cast<std::size_t>(at - block * blockBytes);
      if (skip >= bytes.size()) break;
      std::size_t count = std::min(bytes.size() - skip, into.size() - have);
      std::copy_n(bytes.data() + skip, count, into.data() + have);
      have += count;
      if (bytes.size() % blockBytes != 0) break;  // the end of the pack
    }
    return have;
  }

 private:
  /// The block, and those after it that one request brings with it.
  std::string load(const PackName& name, std::uint64_t block, std::uint64_t last) {
    if (auto kept = cache_.get(name, block)) return *std::move(kept);
    std::string bytes(static_cast<std::size_t>(last - block + 1) * blockBytes, '\0');
    bytes.resize(medium_->read(name, block * blockBytes, bytes));
    for (std::size_t start = 0; start < bytes.size(); start += blockBytes)
      cache_.put(name, block + start / blockBytes, std::string_view(bytes).substr(start, blockBytes));
    return bytes;
  }

  std::unique_ptr<Medium> medium_;
  BlockCache cache_;
};

}  // namespace

std::unique_ptr<Medium> cacheReads(std::unique_ptr<Medium> medium, const std::string& folder, std::uint64_t limit) {
  if (limit > 0) return std::make_unique<CachedMedium>(std::move(medium), folder, limit);
  std::error_code gone;
  std::filesystem::remove_all(folder, gone);
  return medium;
}

}  // namespace regesta::blob

#include "blob/block_cache.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <vector>

#include <fmt/format.h>

#include "base/id.h"
#include "base/metrics.h"
#include "regesta_native.h"

namespace regesta::blob {
namespace {

namespace fs = std::filesystem;
using Hash = std::array<char, 32>;
constexpr std::uint64_t mostBlocks = 128;  // of a pack, with its footer

Hash hashOf(std::string_view bytes) {
  Hash hash{};
  regesta_blake3(nullptr, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(),
                 reinterpret_cast<std::uint8_t*>(hash.data()));
  return hash;
}

std::string nameOf(const PackName& pack, std::uint64_t block) { return fmt::format("{}-{}", pack, block); }

bool isName(const std::string& name) {
  std::size_t dash = name.find('-');
  return dash != std::string::npos && isPackName(name.substr(0, dash)) && dash + 1 < name.size() &&
         name.find_first_not_of("0123456789", dash + 1) == std::string::npos;
}

struct ReadCounters {
  Counter& hits = counter("regesta_blob_cache_reads_total", "Reads of the local cache", R"(result="hit")");
  Counter& misses = counter("regesta_blob_cache_reads_total", "Reads of the local cache", R"(result="miss")");
};
const ReadCounters& readCounters() {
  static const ReadCounters counters;
  return counters;
}
void countRead(bool found) { (found ? readCounters().hits : readCounters().misses).add(); }

}  // namespace

BlockCache::BlockCache(std::string folder, std::uint64_t limit) : folder_(std::move(folder)), limit_(limit) {
  readCounters();  // counted from 0
  std::error_code failure;
  fs::create_directories(folder_, failure);
  adopt();
  shrink();
}

void BlockCache::adopt() {
  struct Found {
    Entry entry;
    fs::file_time_type at;
  };
  std::vector<Found> found;
  std::error_code failure;
  for (fs::recursive_directory_iterator file(folder_, failure), end; file != end; file.increment(failure)) {
    if (failure) break;
    std::error_code gone;
    if (!file->is_regular_file(gone)) continue;
    std::string name = file->path().filename().string();
    if (isName(name) && file->path() == path(name))
      found.push_back({{name, file->file_size(gone)}, file->last_write_time(gone)});
    else
      fs::remove(file->path(), gone);  // left behind by a process that was killed
  }
  std::ranges::sort(found, std::greater<>(), &Found::at);
  for (Found& each : found) {
    bytes_ += each.entry.size;
    entries_.push_back(std::move(each.entry));
    byName_[entries_.back().name] = std::prev(entries_.end());
  }
}

std::string BlockCache::path(const std::string& name) const {
  return fmt::format("{}/{}/{}", folder_, name.substr(0, 2), name);
}

void BlockCache::drop(Entries::iterator entry) {
  std::error_code gone;
  fs::remove(path(entry->name), gone);
  bytes_ -= entry->size;
  byName_.erase(entry->name);
  entries_.erase(entry);
}

void BlockCache::shrink() {
  while (bytes_ > limit_ && !entries_.empty()) drop(std::prev(entries_.end()));
}

std::optional<std::string> BlockCache::get(const PackName& pack, std::uint64_t block) {
  std::string name = nameOf(pack, block);
  std::uint64_t size = 0;
  {
    std::lock_guard lock(mutex_);
    auto found = byName_.find(name);
    if (found == byName_.end()) {
      countRead(false);
      return std::nullopt;
    }
    entries_.splice(entries_.begin(), entries_, found->second);
    size = found->second->size;
  }
  std::string content(static_cast<std::size_t>(size), '\0');
  std::ifstream file(path(name), std::ios::binary);
  bool whole = size >= sizeof(Hash) && file.read(content.data(), static_cast<std::streamsize>(size)).good();
  if (whole) {
    std::string_view bytes = std::string_view(content).substr(0, content.size() - sizeof(Hash));
    Hash hash = hashOf(bytes);
    whole = std::equal(hash.begin(), hash.end(), content.end() - sizeof(Hash));
  }
  countRead(whole);
  if (whole) {
    content.resize(content.size() - sizeof(Hash));
    return content;
  }
  std::lock_guard lock(mutex_);
  if (auto found = byName_.find(name); found != byName_.end()) drop(found->second);
  return std::nullopt;
}

void BlockCache::put(const PackName& pack, std::uint64_t block, std::string_view bytes) {
  std::uint64_t size = bytes.size() + sizeof(Hash);
  if (size > limit_) return;
  std::string name = nameOf(pack, block), target = path(name), draft = fmt::format("{}/{}.new", folder_, randomHex(8));
  Hash hash = hashOf(bytes);
  std::error_code failure;
  fs::create_directories(fs::path(target).parent_path(), failure);
  {
    std::ofstream file(draft, std::ios::binary);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    file.write(hash.data(), hash.size());
    if (!file.flush()) failure = std::make_error_code(std::errc::io_error);
  }
  std::lock_guard lock(mutex_);
  if (!failure && !byName_.contains(name))
    fs::rename(draft, target, failure);
  else
    failure = std::make_error_code(std::errc::file_exists);
  if (failure) {
    std::error_code gone;
    fs::remove(draft, gone);
    return;
  }
  entries_.push_front({name, size});
  byName_[name] = entries_.begin();
  bytes_ += size;
  shrink();
}

void BlockCache::forget(const PackName& pack) {
  std::lock_guard lock(mutex_);
  for (std::uint64_t block = 0; block < mostBlocks; ++block)
    if (auto found = byName_.find(nameOf(pack, block)); found != byName_.end()) drop(found->second);
}

std::uint64_t BlockCache::bytes() const {
  std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace regesta::blob

#pragma once
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "blob/pack_format.h"

namespace regesta::blob {

/// Pieces of packs as files below a folder, at most `limit` bytes of them: the least recently used go first. Each file
/// ends with a hash of its content, so one that is damaged or cut counts as absent. Survives a restart. It never throws
/// because of its disk: then it has less. Thread-safe; one object per folder.
class BlockCache {
 public:
  static constexpr std::size_t blockBytes = 1024 * 1024;

  BlockCache(std::string folder, std::uint64_t limit);
  std::optional<std::string> get(const PackName& pack, std::uint64_t block);
  void put(const PackName& pack, std::uint64_t block, std::string_view bytes);
  void forget(const PackName& pack);
  std::uint64_t bytes() const;

 private:
  struct Entry {
    std::string name;
    std::uint64_t size = 0;
  };
  using Entries = std::list<Entry>;  // the most recently used first
  std::string path(const std::string& name) const;
  void adopt();
  void drop(Entries::iterator entry);
  void shrink();

  std::string folder_;
  std::uint64_t limit_, bytes_ = 0;
  mutable std::mutex mutex_;
  Entries entries_;
  std::unordered_map<std::string, Entries::iterator> byName_;
};

}  // namespace regesta::blob

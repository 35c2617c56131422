#pragma once
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "blob/medium.h"
#include "blob/pack_index.h"

namespace regesta::blob {

/// A registered pack with its footer.
class OpenPack {
 public:
  OpenPack(IndexedPack row, PackFooter footer);
  const IndexedPack& row() const { return row_; }
  const PackFooter& footer() const { return footer_; }
  /// The bytes of the chunks before `chunk`.
  std::uint64_t before(std::size_t chunk) const { return before_[chunk]; }
  std::size_t chunks() const { return footer_.chunks.size(); }
  /// The chunk that holds a byte of the chunks' bytes.
  std::size_t chunkAt(std::uint64_t offset) const;
  std::optional<std::uint32_t> find(const xet::Hash& hash) const;

 private:
  IndexedPack row_;
  PackFooter footer_;
  std::vector<std::uint64_t> before_;
  std::vector<std::uint32_t> sorted_;  ///< chunks by hash
};

/// The packs of one place and their index; what writers, readers and maintenance share. Thread-safe.
class Packs {
 public:
  Packs(std::unique_ptr<Medium> medium, db::Database& database)
      : medium_(std::move(medium)), index_(database, medium_->place()) {}

  Medium& medium() { return *medium_; }
  PackIndex& index() { return index_; }

  /// Null when the index does not know the pack or its file is gone: another server may have rewritten it. Throws
  /// Error{corrupt} when it is damaged, and says so in the index.
  std::shared_ptr<const OpenPack> open(std::int64_t pack) { return open(pack, *medium_); }
  std::shared_ptr<const OpenPack> open(std::int64_t pack, Medium& from);
  /// The bytes of a pack's chunk, compared with its hash. `window` holds records that were read ahead up to chunk
  /// `last`.
  struct Window {
    std::int64_t pack = 0;
    std::uint32_t start = 0;
    std::string bytes;
    bool stored = false;  ///< read past local copies
  };
  void readChunk(const OpenPack& pack, std::size_t chunk, std::size_t last, Window& window, std::string& into);

  /// Publishes a finished pack.
  void publish(PackBuilder& builder);
  /// Forgets what is remembered of a pack.
  void forget(std::int64_t pack);
  [[noreturn]] void damaged(const IndexedPack& pack, const std::string& what);

 private:
  using Kept = std::list<std::shared_ptr<const OpenPack>>;
  std::unique_ptr<Medium> medium_;
  PackIndex index_;
  std::mutex mutex_;
  Kept kept_;  ///< the most recently used first
  std::unordered_map<std::int64_t, Kept::iterator> places_;
  std::size_t keptChunks_ = 0;
};

/// The footer of a pack of `size` bytes; nothing when it is absent or damaged.
std::optional<PackFooter> loadFooter(Medium& medium, const PackName& name, std::uint64_t size);

}  // namespace regesta::blob

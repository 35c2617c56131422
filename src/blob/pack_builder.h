#pragma once
#include <unordered_map>

#include "base/file.h"
#include "blob/pack_format.h"

namespace regesta::blob {

/// A temporary file that is locked while it is written and removed unless it was published.
class Spool {
 public:
  explicit Spool(const std::string& folder);
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;
  ~Spool();
  void write(std::string_view bytes);
  const file::Handle& handle() const { return handle_; }
  const std::string& path() const { return path_; }
  std::uint64_t size() const { return size_; }
  /// The file has another name now.
  void release() { path_.clear(); }

 private:
  std::string path_;
  file::Handle handle_;
  std::uint64_t size_ = 0, flushed_ = 0;
};
/// Removes what writers that are gone have left in a folder of spool files.
void removeStaleSpools(const std::string& folder);

struct HashOf {
  std::size_t operator()(const xet::Hash& hash) const;
};

/// A pack in the making. Records stay in memory until there are `memoryBytes` of them, then go to a spool file.
class PackBuilder {
 public:
  static constexpr std::size_t memoryBytes = 512 * 1024;

  explicit PackBuilder(std::string folder);
  /// Whether another chunk of any size fits.
  bool hasRoom() const;
  bool empty() const { return footer_.chunks.empty(); }
  /// Whether it is small enough to share a pack with other objects.
  bool inMemory() const { return !spool_; }
  std::optional<std::uint32_t> find(const xet::Hash& hash) const;
  std::uint32_t add(const xet::Hash& hash, std::string_view chunk);
  /// The same for a record that was taken from another pack.
  std::uint32_t addRecord(const ChunkEntry& chunk, std::string_view record);
  void addObject(ObjectRecord object) { footer_.objects.push_back(std::move(object)); }
  /// Appends the chunks of a builder that is in memory; they begin at the returned number.
  std::uint32_t append(const PackBuilder& other);
  std::size_t bytes() const { return footer_.start(footer_.chunks.size()); }

  const PackName& name() const { return name_; }
  const PackFooter& footer() const { return footer_; }
  /// Writes what is missing. The file is complete, not yet durable.
  Spool& finish();

 private:
  void flush();
  std::string folder_;
  PackName name_;
  PackFooter footer_;
  std::unordered_map<xet::Hash, std::uint32_t, HashOf> places_;
  xet::Encoder encoder_;
  xet::Tree tree_;
  std::string records_;
  std::unique_ptr<Spool> spool_;
};

}  // namespace regesta::blob

#pragma once
#include "blob/content_check.h"
#include "blob/packs.h"
#include "blob/store.h"

namespace regesta::blob {

class PackReader final : public Reader {
 public:
  PackReader(Packs& packs, IndexedObject object);
  std::uint64_t size() const override { return object_.size; }
  std::size_t read(std::uint64_t offset, std::span<char> into) override;

 private:
  void use(IndexedObject object);
  /// Makes `chunk_` the chunk that holds the byte.
  void load(std::uint64_t offset);
  std::shared_ptr<const OpenPack> openPack(std::uint64_t offset, std::size_t& extent);
  std::size_t extentAt(std::uint64_t offset) const;

  Packs& packs_;
  IndexedObject object_;
  std::vector<std::uint64_t> ends_;  ///< of the extents
  ContentCheck check_;
  Packs::Window window_;
  std::string chunk_;
  std::uint64_t chunkStart_ = 0;  ///< in the object
};

}  // namespace regesta::blob

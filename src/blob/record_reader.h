#pragma once
#include "blob/packs.h"
#include "blob/store.h"

namespace regesta::blob {

/// Reads the records of a pack as bytes, from its beginning. Each record is compared with the hash of its chunk before
/// bytes of it are delivered: Xet's clients compare nothing. Not thread-safe.
class RecordReader final : public Reader {
 public:
  RecordReader(Packs& packs, std::shared_ptr<const OpenPack> pack) : packs_(packs), pack_(std::move(pack)) {}
  std::uint64_t size() const override { return pack_->footer().start(pack_->chunks()); }
  std::size_t read(std::uint64_t offset, std::span<char> into) override;

 private:
  Packs& packs_;
  std::shared_ptr<const OpenPack> pack_;
  Packs::Window window_;
  std::string chunk_;
};

}  // namespace regesta::blob

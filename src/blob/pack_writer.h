#pragma once
#include "blob/pack_batch.h"
#include "blob/side_thread.h"
#include "blob/store.h"
#include "crypto/hash.h"

namespace regesta::blob {

/// Cuts content into chunks, stores those that no pack has, and remembers where all of them are stored.
class PackWriter final : public Writer {
 public:
  PackWriter(Packs& packs, PackBatch& batch);
  void write(std::string_view bytes) override;
  /// Instead of write(): the next chunk, cut and packed by a client. `record` decodes to `chunk`.
  void addRecord(const xet::Hash& hash, std::string_view chunk, std::string_view record);
  const Digest& finish() override;
  Stored commit() override;

 private:
  struct Place {
    std::shared_ptr<const OpenPack> pack;  ///< null: the pack that is being built
    std::uint32_t chunk = 0;
  };
  void begin();
  void cut(std::string_view bytes);
  void addChunk(std::string_view chunk);
  /// `store` puts a chunk that no pack has into the one that is being built.
  void place(const xet::Hash& hash, std::size_t length, const std::function<std::uint32_t()>& store);
  std::optional<Place> find(const xet::Hash& hash, bool first);
  std::optional<Place> findInKnown(const xet::Hash& hash) const;
  void refer(const Place& place, std::size_t length);
  /// Makes the pack that is being built durable and known.
  void closePack(const PendingObject* object);

  Packs& packs_;
  PackBatch& batch_;
  bool broken_ = false;
  SideThread side_;
  crypto::Sha256 sha_;
  xet::Chunker chunker_;
  xet::Tree tree_;
  std::string open_;  ///< the beginning of a chunk whose end has not arrived
  PackBuilder builder_;
  std::vector<std::shared_ptr<const OpenPack>> known_;  ///< packs that recent chunks were found in, the last first
  PendingObject object_;
  bool lastFound_ = false;
};

}  // namespace regesta::blob

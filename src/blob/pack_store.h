#pragma once
#include "blob/pack_batch.h"
#include "blob/store.h"

namespace regesta::blob {

/// Content in packs: cut into chunks, each chunk stored once (pack_format.h has the files, pack_index.h the index).
/// Durability order: pack, index, then the caller's reference. Blobs that an earlier version stored as whole files are
/// read as well.
class PackStore final : public BlobStore {
 public:
  /// `wholeFiles` may be null. `database` has the tables of the index.
  PackStore(std::unique_ptr<Medium> medium, db::Database& database, std::unique_ptr<BlobStore> wholeFiles);
  std::unique_ptr<Writer> create() override;
  std::unique_ptr<Reader> open(std::string_view digest) override;
  bool has(std::string_view digest) override;
  bool remove(std::string_view digest) override;
  void list(const std::function<void(const Stored&)>& visit) override;
  std::string misplaced() override;
  std::string outage() override { return packs_.medium().outage(); }
  std::uint64_t sharedBytes(std::string_view digest, std::string_view other) override;

  Packs& packs() { return packs_; }
  PackBatch& batch() { return batch_; }
  BlobStore* wholeFiles() { return wholeFiles_.get(); }

 private:
  Packs packs_;
  PackBatch batch_;
  std::unique_ptr<BlobStore> wholeFiles_;
};

/// Packs and whole files below one folder.
std::unique_ptr<PackStore> openPacks(const std::string& folder, db::Database& database);

}  // namespace regesta::blob

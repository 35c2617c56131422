#include "blob/pack_store.h"

#include "base/error.h"
#include "blob/pack_reader.h"
#include "blob/pack_writer.h"
#include "blob/shared_bytes.h"

namespace regesta::blob {

PackStore::PackStore(std::unique_ptr<Medium> medium, db::Database& database, std::unique_ptr<BlobStore> wholeFiles)
    : packs_(std::move(medium), database), batch_(packs_), wholeFiles_(std::move(wholeFiles)) {}

std::unique_ptr<Writer> PackStore::create() { return std::make_unique<PackWriter>(packs_, batch_); }

std::unique_ptr<Reader> PackStore::open(std::string_view digest) {
  if (!isDigest(digest)) return nullptr;
  if (auto object = packs_.index().find(digest)) return std::make_unique<PackReader>(packs_, *std::move(object));
  return wholeFiles_ ? wholeFiles_->open(digest) : nullptr;
}

bool PackStore::has(std::string_view digest) {
  if (!isDigest(digest)) return false;
  return packs_.index().find(digest).has_value() || (wholeFiles_ && wholeFiles_->has(digest));
}

bool PackStore::remove(std::string_view digest) {
  if (!isDigest(digest)) return false;
  bool packed = packs_.index().remove(digest), whole = wholeFiles_ && wholeFiles_->remove(digest);
  return packed || whole;
}

void PackStore::list(const std::function<void(const Stored&)>& visit) {
  packs_.index().list([&](const IndexedObject& object) { visit({object.digest, object.size}); });
  if (!wholeFiles_) return;
  wholeFiles_->list([&](const Stored& stored) {
    if (!packs_.index().find(stored.digest)) visit(stored);
  });
}

std::string PackStore::misplaced() {
  auto place = packs_.index().placeElsewhere();
  if (!place) return {};
  return fmt::format(
      "the database has content that is stored in the content store {} and not in {}, which is {}: correct the setting "
      "blobs, or copy the packs there and run regesta blob reindex",
      *place, packs_.medium().name(), packs_.medium().place());
}

std::uint64_t PackStore::sharedBytes(std::string_view digest, std::string_view other) {
  if (!isDigest(digest) || !isDigest(other)) return 0;
  auto object = packs_.index().find(digest), second = packs_.index().find(other);
  if (object && second) return blob::sharedBytes(packs_, *object, *second);
  return digest == other && wholeFiles_ ? wholeFiles_->sharedBytes(digest, other) : 0;
}

std::unique_ptr<PackStore> openPacks(const std::string& folder, db::Database& database) {
  return std::make_unique<PackStore>(openFolder(folder), database, openLocal(folder));
}

}  // namespace regesta::blob

#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "blob/pack_format.h"
#include "db/database.h"

namespace regesta::blob {

/// A run of chunks of one pack, by the pack's row.
struct IndexedExtent {
  std::int64_t pack = 0;
  std::uint32_t first = 0, count = 0;
  std::uint64_t length = 0;  ///< bytes of the object
  bool operator==(const IndexedExtent&) const = default;
};

struct IndexedObject {
  std::int64_t id = 0;
  std::string digest, xet;
  std::uint64_t size = 0;
  std::vector<IndexedExtent> extents;
};

struct IndexedPack {
  std::int64_t id = 0;
  PackName name;
  std::uint64_t size = 0;
  std::int64_t condemnedAt = 0, damagedAt = 0;
};

/// A finished pack as it is added to the index.
struct NewPack {
  PackName name;
  std::uint64_t size = 0;
  const PackFooter* footer = nullptr;
};
struct NewObject {
  std::string digest, xet;
  std::uint64_t size = 0;
  std::vector<IndexedExtent> extents;        ///< pack 0: the pack that is registered with it
  std::optional<xet::Hash> firstChunk = {};  ///< of an object made of stored chunks
};

/// The tables blob_pack, blob_object, blob_use and blob_hook, of one place. They change after the packs and before the
/// references to objects. Thread-safe. Not for use inside a write of the same database.
class PackIndex {
 public:
  PackIndex(db::Database& database, std::string place) : database_(database), place_(std::move(place)) {}
  db::Database& database() { return database_; }
  const std::string& place() const { return place_; }

  std::optional<IndexedObject> find(std::string_view digest);
  /// Objects with this hash of Xet, at most a few: clients may cut the same content differently.
  std::vector<IndexedObject> findXet(std::string_view hash);
  std::optional<IndexedPack> pack(std::int64_t id);
  /// The next pack in the order of rows.
  std::optional<IndexedPack> packAfter(std::int64_t id);
  std::optional<IndexedPack> packNamed(std::string_view name);
  /// Notes that the object was stored again. False when it is absent or one of its packs is damaged.
  bool touch(std::string_view digest);
  /// A pack that has a chunk whose hash begins like this one and that uploads may reuse.
  std::optional<std::int64_t> packWith(const xet::Hash& chunk);
  /// Packs that have a chunk whose hash begins like this one, the newest first, at most a few.
  std::vector<std::int64_t> packsWith(const xet::Hash& chunk);

  /// Registers the pack, and the objects in the same transaction. A damaged object is replaced by its new copy. Throws
  /// Error{unavailable} when a pack that an extent refers to was removed meanwhile: the upload must be repeated.
  std::int64_t add(const NewPack& pack, const std::vector<NewObject>& objects);
  /// Registers an object all of whose chunks are in known packs; `record` is the pack that describes it.
  void add(const NewObject& object, std::int64_t record);

  /// Objects that use one of the packs.
  std::vector<IndexedObject> objectsUsing(const std::vector<std::int64_t>& packs);
  /// The first of them, newest first.
  std::vector<IndexedObject> objectsUsing(std::int64_t pack, std::size_t most);
  /// Registers a pack that took over chunks: each object gets its new extents (pack 0: the new one), and packs that
  /// nothing uses then are condemned. False, and nothing changes, when an object has changed since it was read.
  struct Move {
    IndexedObject object;
    std::vector<IndexedExtent> extents;
  };
  bool replace(const NewPack& pack, const std::vector<Move>& moves, const std::vector<std::int64_t>& old,
               std::int64_t now);
  /// Registers a pack that was found in the place and is not known yet.
  std::int64_t adopt(const NewPack& pack);
  void markDamaged(std::int64_t pack);
  /// Removes the object; its packs stay until they are collected. False when it is absent.
  bool remove(std::string_view digest);
  /// Objects in the order of their digests, in pages.
  void list(const std::function<void(const IndexedObject&)>& visit);
  /// A place that has content which this one lacks.
  std::optional<std::string> placeElsewhere();
  /// Packs in the order of their rows, in pages.
  void listPacks(const std::function<void(const IndexedPack&)>& visit);

 private:
  std::int64_t insertPack(db::Transaction& transaction, const NewPack& pack);
  void insertObject(db::Transaction& transaction, const NewObject& object, std::int64_t own);

  db::Database& database_;
  std::string place_;
};

/// Whether a chunk is among those that the index knows by hash wherever they are in a pack.
bool isHook(const xet::Hash& chunk);

}  // namespace regesta::blob

#include "blob/pack_index.h"

#include <cstring>
#include <set>

#include "base/error.h"
#include "base/time.h"
#include "blob/pack_rows.h"
#include "blob/xet_shard.h"

namespace regesta::blob {
namespace {

using db::Transaction;

constexpr std::size_t page = 500;
constexpr unsigned char hookMask = 7;  // one chunk in eight

std::int64_t hookOf(const xet::Hash& chunk) {
  std::int64_t value = 0;
  std::memcpy(&value, chunk.data(), sizeof value);
  return value;
}

/// The packs of an object, in the order of their rows so that two transactions lock them in one order.
std::set<std::int64_t> packsOf(const std::vector<IndexedExtent>& extents) {
  std::set<std::int64_t> packs;
  for (const IndexedExtent& extent : extents)
    if (extent.pack != 0) packs.insert(extent.pack);
  return packs;
}

/// Keeps a pack that was condemned in the meantime.
void keepPack(Transaction& transaction, std::int64_t pack) {
  db::Rows rows = transaction.query("SELECT condemned_at FROM blob_pack WHERE id = $1", {pack});
  if (!rows.next())
    throw Error(Code::unavailable,
                "stored content that the upload shares was removed in the meantime: upload it again");
  if (rows.integer(0) != 0) transaction.run("UPDATE blob_pack SET condemned_at = 0 WHERE id = $1", {pack});
}

void insertHook(Transaction& transaction, const xet::Hash& chunk, std::int64_t pack) {
  transaction.run("INSERT INTO blob_hook (hash, pack) VALUES ($1, $2) ON CONFLICT DO NOTHING", {hookOf(chunk), pack});
}

bool isDamaged(Transaction& transaction, std::int64_t object) {
  return transaction
      .query(
          "SELECT 1 FROM blob_use JOIN blob_pack ON blob_pack.id = pack WHERE object = $1 AND damaged_at <> 0 "
          "LIMIT 1",
          {object})
      .next();
}

}  // namespace

bool isHook(const xet::Hash& chunk) { return (chunk[8] & hookMask) == 0; }

std::optional<IndexedObject> PackIndex::find(std::string_view digest) {
  return database_.reading([&](Transaction& transaction) -> std::optional<IndexedObject> {
    static const std::string sql =
        fmt::format("SELECT {} FROM blob_object WHERE place = $1 AND digest = $2", objectColumns);
    db::Rows rows = transaction.query(sql, {place_, digest});
    return rows.next() ? std::optional(readObject(rows)) : std::nullopt;
  });
}

std::vector<IndexedObject> PackIndex::findXet(std::string_view hash) {
  return database_.reading([&](Transaction& transaction) {
    static const std::string sql =
        fmt::format("SELECT {} FROM blob_object WHERE xet = $2 AND place = $1 LIMIT 8", objectColumns);
    std::vector<IndexedObject> found;
    for (db::Rows rows = transaction.query(sql, {place_, hash}); rows.next();) found.push_back(readObject(rows));
    return found;
  });
}

std::optional<IndexedPack> PackIndex::pack(std::int64_t id) {
  return database_.reading([&](Transaction& transaction) -> std::optional<IndexedPack> {
    static const std::string sql = fmt::format("SELECT {} FROM blob_pack WHERE place = $1 AND id = $2", packColumns);
    db::Rows rows = transaction.query(sql, {place_, id});
    return rows.next() ? std::optional(readPack(rows)) : std::nullopt;
  });
}

std::optional<IndexedPack> PackIndex::packAfter(std::int64_t id) {
  return database_.reading([&](Transaction& transaction) -> std::optional<IndexedPack> {
    static const std::string sql =
        fmt::format("SELECT {} FROM blob_pack WHERE place = $1 AND id > $2 ORDER BY id LIMIT 1", packColumns);
    db::Rows rows = transaction.query(sql, {place_, id});
    return rows.next() ? std::optional(readPack(rows)) : std::nullopt;
  });
}

std::optional<IndexedPack> PackIndex::packNamed(std::string_view name) {
  return database_.reading([&](Transaction& transaction) -> std::optional<IndexedPack> {
    static const std::string sql = fmt::format("SELECT {} FROM blob_pack WHERE place = $1 AND name = $2", packColumns);
    db::Rows rows = transaction.query(sql, {place_, name});
    return rows.next() ? std::optional(readPack(rows)) : std::nullopt;
  });
}

bool PackIndex::touch(std::string_view digest) {
  if (!find(digest)) return false;  // most uploads are new, and a read is cheaper than a write
  return database_.writing([&](Transaction& transaction) {
    db::Rows rows = transaction.query("SELECT id FROM blob_object WHERE place = $1 AND digest = $2", {place_, digest});
    if (!rows.next() || isDamaged(transaction, rows.integer(0))) return false;
    transaction.run("UPDATE blob_object SET touched_at = $2, condemned_at = 0 WHERE id = $1",
                    {rows.integer(0), nowMillis()});
    return true;
  });
}

std::optional<std::int64_t> PackIndex::packWith(const xet::Hash& chunk) {
  return database_.reading([&](Transaction& transaction) -> std::optional<std::int64_t> {
    db::Rows rows = transaction.query(
        "SELECT blob_pack.id FROM blob_hook JOIN blob_pack ON blob_pack.id = pack WHERE hash = $1 AND place = $2 AND "
        "condemned_at = 0 AND damaged_at = 0 ORDER BY blob_pack.id DESC LIMIT 1",
        {hookOf(chunk), place_});
    return rows.next() ? std::optional(rows.integer(0)) : std::nullopt;
  });
}

std::vector<std::int64_t> PackIndex::packsWith(const xet::Hash& chunk) {
  return database_.reading([&](Transaction& transaction) {
    std::vector<std::int64_t> found;
    db::Rows rows = transaction.query(
        "SELECT blob_pack.id FROM blob_hook JOIN blob_pack ON blob_pack.id = pack WHERE hash = $1 AND place = $2 AND "
        "condemned_at = 0 AND damaged_at = 0 ORDER BY blob_pack.id DESC LIMIT 8",
        {hookOf(chunk), place_});
    while (rows.next()) found.push_back(rows.integer(0));
    return found;
  });
}

std::int64_t PackIndex::insertPack(Transaction& transaction, const NewPack& pack) {
  {
    db::Rows rows = transaction.query("SELECT id FROM blob_pack WHERE place = $1 AND name = $2", {place_, pack.name});
    if (rows.next()) return rows.integer(0);  // a reindex has found it before
  }
  std::int64_t id = transaction.insert(
      "INSERT INTO blob_pack (place, name, size, chunks, created_at, condemned_at, damaged_at, checked_at) "
      "VALUES ($1, $2, $3, $4, $5, 0, 0, 0) RETURNING id",
      {place_, pack.name, pack.size, pack.footer->chunks.size(), nowMillis()});
  std::set<std::uint32_t> firsts{0};
  for (const ObjectRecord& object : pack.footer->objects)
    for (const Extent& extent : object.extents)
      if (extent.pack == pack.name) firsts.insert(extent.first);
  for (std::uint32_t i = 0; i < pack.footer->chunks.size(); ++i) {
    const xet::Hash& hash = pack.footer->chunks[i].hash;
    if (isHook(hash) || xet::isQueried(hash) || firsts.contains(i)) insertHook(transaction, hash, id);
  }
  return id;
}

void PackIndex::insertObject(Transaction& transaction, const NewObject& object, std::int64_t own) {
  std::int64_t now = nowMillis();
  {
    db::Rows rows =
        transaction.query("SELECT id FROM blob_object WHERE place = $1 AND digest = $2", {place_, object.digest});
    if (rows.next()) {
      std::int64_t id = rows.integer(0);
      if (!isDamaged(transaction, id)) {
        transaction.run("UPDATE blob_object SET touched_at = $2, condemned_at = 0 WHERE id = $1", {id, now});
        return;
      }
      transaction.run("DELETE FROM blob_object WHERE id = $1", {id});
    }
  }
  std::string extents = writeExtents(object.extents, own);
  std::int64_t id = transaction.insert(
      "INSERT INTO blob_object (place, digest, xet, size, extents, touched_at, condemned_at) "
      "VALUES ($1, $2, $3, $4, $5, $6, 0) "
      "ON CONFLICT (place, digest) DO UPDATE SET touched_at = excluded.touched_at RETURNING id",
      {place_, object.digest, object.xet, object.size, db::Bytes{extents}, now});
  std::set<std::int64_t> packs = packsOf(object.extents);
  for (std::int64_t pack : packs) keepPack(transaction, pack);
  if (object.firstChunk) insertHook(transaction, *object.firstChunk, object.extents.front().pack);
  if (own != 0) packs.insert(own);  // it holds at least the object's record
  for (std::int64_t pack : packs) transaction.run("INSERT INTO blob_use (pack, object) VALUES ($1, $2)", {pack, id});
}

std::int64_t PackIndex::add(const NewPack& pack, const std::vector<NewObject>& objects) {
  return database_.writing([&](Transaction& transaction) {
    std::int64_t id = insertPack(transaction, pack);
    for (const NewObject& object : objects) insertObject(transaction, object, id);
    return id;
  });
}

void PackIndex::add(const NewObject& object, std::int64_t record) {
  database_.write([&](Transaction& transaction) { insertObject(transaction, object, record); });
}

void PackIndex::markDamaged(std::int64_t pack) {
  database_.write([&](Transaction& transaction) {
    transaction.run("UPDATE blob_pack SET damaged_at = $2 WHERE id = $1 AND damaged_at = 0", {pack, nowMillis()});
  });
}

bool PackIndex::remove(std::string_view digest) {
  return database_.writing([&](Transaction& transaction) {
    return transaction.run("DELETE FROM blob_object WHERE place = $1 AND digest = $2", {place_, digest}) > 0;
  });
}

void PackIndex::list(const std::function<void(const IndexedObject&)>& visit) {
  static const std::string sql = fmt::format(
      "SELECT {} FROM blob_object WHERE place = $1 AND digest > $2 ORDER BY digest LIMIT $3", objectColumns);
  for (std::string after;;) {
    auto objects = database_.reading([&](Transaction& transaction) {
      std::vector<IndexedObject> found;
      for (db::Rows rows = transaction.query(sql, {place_, after, page}); rows.next();)
        found.push_back(readObject(rows));
      return found;
    });
    for (const IndexedObject& object : objects) visit(object);
    if (objects.size() < page) return;
    after = objects.back().digest;
  }
}

std::optional<std::string> PackIndex::placeElsewhere() {
  return database_.reading([&](Transaction& transaction) -> std::optional<std::string> {
    // Two ranges of the index on place and digest: usually both are empty.
    for (std::string_view side : {"<", ">"}) {
      db::Rows rows = transaction.query(
          fmt::format("SELECT place FROM blob_object AS other WHERE place {} $1 AND NOT EXISTS (SELECT 1 FROM "
                      "blob_object WHERE place = $1 AND digest = other.digest) LIMIT 1",
                      side),
          {place_});
      if (rows.next()) return rows.text(0);
    }
    return std::nullopt;
  });
}

void PackIndex::listPacks(const std::function<void(const IndexedPack&)>& visit) {
  static const std::string sql =
      fmt::format("SELECT {} FROM blob_pack WHERE place = $1 AND id > $2 ORDER BY id LIMIT $3", packColumns);
  for (std::int64_t after = 0;;) {
    auto packs = database_.reading([&](Transaction& transaction) {
      std::vector<IndexedPack> found;
      for (db::Rows rows = transaction.query(sql, {place_, after, page}); rows.next();) found.push_back(readPack(rows));
      return found;
    });
    for (const IndexedPack& pack : packs) visit(pack);
    if (packs.size() < page) return;
    after = packs.back().id;
  }
}

}  // namespace regesta::blob

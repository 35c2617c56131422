#include "blob/pack_collect.h"

#include "base/error.h"
#include "blob/pack_rows.h"

namespace regesta::blob {
namespace {

using db::Transaction;

constexpr std::string_view unused = "NOT EXISTS (SELECT 1 FROM blob_use WHERE pack = blob_pack.id)";

std::int64_t countPacks(Transaction& transaction, const std::string& condition, db::Params params) {
  db::Rows rows = transaction.query("SELECT count(*) FROM blob_pack WHERE " + condition, params);
  rows.next();
  return rows.integer(0);
}

std::vector<IndexedPack> expiredPacks(Transaction& transaction, const std::string& place, std::int64_t cutoff) {
  std::vector<IndexedPack> found;
  static const std::string sql = fmt::format(
      "SELECT {} FROM blob_pack WHERE place = $1 AND condemned_at <> 0 AND condemned_at < $2 AND {} ORDER BY id",
      packColumns, unused);
  for (db::Rows rows = transaction.query(sql, {place, cutoff}); rows.next();) found.push_back(readPack(rows));
  return found;
}

/// The row goes first: a pack without a row is a leftover file that the next collection removes, a row without a pack
/// would be damage.
bool dropRow(Packs& packs, std::int64_t pack, std::int64_t cutoff) {
  static const std::string sql =
      fmt::format("DELETE FROM blob_pack WHERE id = $1 AND condemned_at <> 0 AND condemned_at < $2 AND {}", unused);
  return packs.index().database().writing(
      [&](Transaction& transaction) { return transaction.run(sql, {pack, cutoff}) > 0; });
}

void condemnUnused(Packs& packs, std::int64_t now, std::int64_t cutoff, PackCollection& done) {
  const std::string& place = packs.index().place();
  packs.index().database().write([&](Transaction& transaction) {
    static const std::string sql = fmt::format(
        "UPDATE blob_pack SET condemned_at = $1 WHERE place = $2 AND condemned_at = 0 AND created_at < $3 AND {}",
        unused);
    done.condemned = static_cast<std::uint64_t>(transaction.run(sql, {now, place, cutoff}));
    transaction.run(
        "DELETE FROM blob_hook WHERE pack IN (SELECT id FROM blob_pack WHERE place = $1 AND condemned_at = $2)",
        {place, now});
  });
}

void removeStrays(Packs& packs, std::int64_t cutoff, bool dryRun, PackCollection& done) {
  std::vector<PackName> strays;
  packs.medium().list([&](const Medium::Item& item) {
    if (item.modifiedAt < cutoff && !packs.index().packNamed(item.name)) strays.push_back(item.name);
  });
  done.strays = strays.size();
  if (dryRun) return;
  for (const PackName& name : strays) packs.medium().remove(name);
}

}  // namespace

std::vector<CollectedObject> objectsAfter(Transaction& transaction, std::string_view place, std::string_view digest,
                                          std::size_t count) {
  std::vector<CollectedObject> found;
  db::Rows rows = transaction.query(
      "SELECT id, digest, size, touched_at, condemned_at FROM blob_object WHERE place = $1 AND digest > $2 "
      "ORDER BY digest LIMIT $3",
      {place, digest, count});
  while (rows.next())
    found.push_back(
        {rows.integer(0), rows.text(1), static_cast<std::uint64_t>(rows.integer(2)), rows.integer(3), rows.integer(4)});
  return found;
}

void keepObject(Transaction& transaction, std::int64_t object) {
  transaction.run("UPDATE blob_object SET condemned_at = 0 WHERE id = $1", {object});
}

bool condemnObject(Transaction& transaction, std::int64_t object, std::int64_t cutoff, std::int64_t at) {
  return transaction.run(
             "UPDATE blob_object SET condemned_at = $3 WHERE id = $1 AND condemned_at = 0 AND touched_at < $2",
             {object, cutoff, at}) > 0;
}

bool removeObject(Transaction& transaction, std::int64_t object, std::int64_t cutoff) {
  return transaction.run("DELETE FROM blob_object WHERE id = $1 AND condemned_at <> 0 AND condemned_at < $2",
                         {object, cutoff}) > 0;
}

PackCollection collectPacks(Packs& packs, std::int64_t now, std::int64_t cutoff, bool dryRun) {
  PackCollection done;
  db::Database& database = packs.index().database();
  const std::string& place = packs.index().place();
  auto expired = database.reading([&](Transaction& transaction) { return expiredPacks(transaction, place, cutoff); });
  for (const IndexedPack& pack : expired) {
    done.removed += 1;
    done.removedBytes += pack.size;
  }
  if (dryRun) {
    done.condemned = static_cast<std::uint64_t>(database.reading([&](Transaction& transaction) {
      return countPacks(transaction, fmt::format("place = $1 AND condemned_at = 0 AND created_at < $2 AND {}", unused),
                        {place, cutoff});
    }));
    removeStrays(packs, cutoff, true, done);
    return done;
  }
  auto hold = packs.medium().lockForRemoval();
  if (!hold) throw Error(Code::unavailable, "a backup is reading the packs: collect garbage after it");
  done.removed = done.removedBytes = 0;
  for (const IndexedPack& pack : expired) {
    if (!dropRow(packs, pack.id, cutoff)) continue;
    packs.forget(pack.id);
    packs.medium().remove(pack.name);
    done.removed += 1;
    done.removedBytes += pack.size;
  }
  removeStrays(packs, cutoff, false, done);
  condemnUnused(packs, now, cutoff, done);
  return done;
}

}  // namespace regesta::blob

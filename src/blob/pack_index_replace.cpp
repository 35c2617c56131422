#include <algorithm>
#include <set>

#include "blob/pack_index.h"
#include "blob/pack_rows.h"

namespace regesta::blob {

std::vector<IndexedObject> PackIndex::objectsUsing(const std::vector<std::int64_t>& packs) {
  return database_.reading([&](db::Transaction& transaction) {
    std::vector<IndexedObject> found;
    std::set<std::int64_t> seen;
    for (std::int64_t pack : packs) {
      static const std::string sql =
          fmt::format("SELECT {} FROM blob_object JOIN blob_use ON object = id WHERE pack = $1", objectColumns);
      db::Rows rows = transaction.query(sql, {pack});
      while (rows.next())
        if (seen.insert(rows.integer(0)).second) found.push_back(readObject(rows));
    }
    return found;
  });
}

std::vector<IndexedObject> PackIndex::objectsUsing(std::int64_t pack, std::size_t most) {
  return database_.reading([&](db::Transaction& transaction) {
    static const std::string sql =
        fmt::format("SELECT {} FROM blob_object JOIN blob_use ON object = id WHERE pack = $1 ORDER BY id DESC LIMIT $2",
                    objectColumns);
    std::vector<IndexedObject> found;
    for (db::Rows rows = transaction.query(sql, {pack, most}); rows.next();) found.push_back(readObject(rows));
    return found;
  });
}

bool PackIndex::replace(const NewPack& pack, const std::vector<Move>& moves, const std::vector<std::int64_t>& old,
                        std::int64_t now) {
  return database_.writing([&](db::Transaction& transaction) {
    for (const Move& move : moves) {
      db::Rows rows = transaction.query("SELECT extents FROM blob_object WHERE id = $1", {move.object.id});
      if (!rows.next() || readExtents(rows.bytes(0)) != move.object.extents) return false;
    }
    std::int64_t own = insertPack(transaction, pack);
    for (const Move& move : moves) {
      std::string extents = writeExtents(move.extents, own);
      transaction.run("UPDATE blob_object SET extents = $2 WHERE id = $1", {move.object.id, db::Bytes{extents}});
      transaction.run("DELETE FROM blob_use WHERE object = $1", {move.object.id});
      std::set<std::int64_t> used{own};  // it holds the record of each
      for (const IndexedExtent& extent : move.extents) used.insert(extent.pack == 0 ? own : extent.pack);
      for (std::int64_t each : used)
        transaction.run("INSERT INTO blob_use (pack, object) VALUES ($1, $2)", {each, move.object.id});
    }
    for (std::int64_t each : old) {
      std::int64_t condemned = transaction.run(
          "UPDATE blob_pack SET condemned_at = $2 WHERE id = $1 AND condemned_at = 0 AND NOT EXISTS "
          "(SELECT 1 FROM blob_use WHERE pack = blob_pack.id)",
          {each, now});
      if (condemned > 0) transaction.run("DELETE FROM blob_hook WHERE pack = $1", {each});
    }
    return true;
  });
}

std::int64_t PackIndex::adopt(const NewPack& pack) {
  return database_.writing([&](db::Transaction& transaction) { return insertPack(transaction, pack); });
}

}  // namespace regesta::blob

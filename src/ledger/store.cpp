#include "ledger/store.h"

#include "base/error.h"
#include "ledger/leaf.h"

namespace regesta::ledger {
namespace {

constexpr std::size_t keptTiles = 512;  // 4 MiB

std::int64_t keyOf(const Tile& tile) { return tile.number * 8 + tile.level; }

}  // namespace

Head readHead(db::Transaction& transaction) {
  db::Rows rows = transaction.query("SELECT size, time, note FROM ledger_head WHERE id = 1");
  if (!rows.next()) throw Error(Code::corrupt, "the ledger's head row is missing from the database");
  return {rows.integer(0), rows.integer(1), rows.text(2)};
}

std::string Logged::leaf() const { return leafBytes(id, time, body, salt); }
std::string Logged::disclosure() const { return ledger::disclosure(id, body, salt); }

Logged readLogged(db::Rows& rows) {
  return {rows.integer(0), rows.integer(1), rows.integer(2), rows.text(3),
          rows.isNull(4) ? std::string() : rows.bytes(4)};
}

std::vector<Logged> readEntries(db::Transaction& transaction, std::int64_t begin, std::int64_t end) {
  std::vector<Logged> entries;
  db::Rows rows = transaction.query(
      fmt::format("SELECT {} FROM ledger_entry WHERE idx >= $1 AND idx < $2 ORDER BY idx", loggedColumns),
      {begin, end});
  while (rows.next()) {
    if (rows.integer(0) != begin + static_cast<std::int64_t>(entries.size())) break;
    entries.push_back(readLogged(rows));
  }
  std::int64_t reached = begin + static_cast<std::int64_t>(entries.size());
  if (reached < end) throw error(Code::corrupt, "ledger entry {} is missing from the database", reached);
  return entries;
}

std::vector<Indexed> readIndexed(db::Transaction& transaction, std::int64_t begin, std::int64_t end,
                                 std::int64_t limit) {
  std::vector<Indexed> entries;
  db::Rows rows = transaction.query(
      "SELECT idx, body FROM ledger_entry WHERE idx >= $1 AND idx < $2 ORDER BY idx LIMIT $3", {begin, end, limit});
  while (rows.next()) entries.push_back({rows.integer(0), rows.text(1)});
  return entries;
}

std::string readTile(db::Transaction& transaction, const Tile& tile) {
  db::Rows rows =
      transaction.query("SELECT hashes FROM ledger_tile WHERE level = $1 AND number = $2", {tile.level, tile.number});
  return rows.next() ? rows.bytes(0) : std::string();
}

namespace {

/// Error{corrupt} unless the tile is at least as wide as asked for.
std::string requireTile(db::Transaction& transaction, const Tile& tile) {
  std::string hashes = readTile(transaction, tile);
  if (hashes.size() % hashBytes != 0 || hashes.size() > tileWidth * hashBytes ||
      hashes.size() < static_cast<std::size_t>(tile.width) * hashBytes)
    throw error(Code::corrupt, "the ledger's {} in the database has {} bytes instead of {}", tilePath(tile),
                hashes.size(), tile.width * static_cast<int>(hashBytes));
  return hashes;
}

}  // namespace

NodeReader storedNodes(db::Transaction& transaction) {
  return nodesFromTiles([&transaction](const Tile& tile) { return requireTile(transaction, tile); });
}

std::vector<std::string> leavesOf(const std::vector<Logged>& entries) {
  std::vector<std::string> leaves;
  leaves.reserve(entries.size());
  for (const Logged& entry : entries) leaves.push_back(entry.leaf());
  return leaves;
}

std::string TileCache::read(db::Transaction& transaction, const Tile& tile) {
  {
    auto kept = kept_.lock();
    if (auto found = kept->tiles.find(keyOf(tile)); found != kept->tiles.end()) return found->second;
  }
  std::string hashes = requireTile(transaction, tile);
  if (hashes.size() == tileWidth * hashBytes) {
    auto kept = kept_.lock();
    if (kept->tiles.try_emplace(keyOf(tile), hashes).second) {
      if (kept->order.size() < keptTiles) {
        kept->order.push_back(keyOf(tile));
      } else {
        kept->tiles.erase(std::exchange(kept->order[kept->next], keyOf(tile)));
        kept->next = (kept->next + 1) % keptTiles;
      }
    }
  }
  return hashes;
}

NodeReader TileCache::nodes(db::Transaction& transaction) {
  return nodesFromTiles([this, &transaction](const Tile& tile) { return read(transaction, tile); });
}

TileEdge readEdge(db::Transaction& transaction, TileCache& cache, std::int64_t size) {
  std::vector<std::string> partial;
  for (int level = 0; levelSize(level, size) > 0; ++level) {
    std::int64_t number = levelSize(level, size) / tileWidth;
    int width = widthIn(level, number, size);
    std::string hashes = width == 0 ? std::string() : cache.read(transaction, {level, number, width});
    hashes.resize(static_cast<std::size_t>(width) * hashBytes);
    partial.push_back(std::move(hashes));
  }
  return TileEdge(size, std::move(partial));
}

}  // namespace regesta::ledger

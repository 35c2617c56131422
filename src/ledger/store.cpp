#include "ledger/store.h"

#include "base/error.h"

namespace regesta::ledger {
namespace {

constexpr std::size_t keptTiles = 512;  // 4 MiB

std::int64_t keyOf(const Tile& tile) { return tile.number * 8 + tile.level; }

}  // namespace

Head readHead(db::Session& session) {
  db::Rows rows = session.query("SELECT size, time, note FROM ledger_head WHERE id = 1");
  if (!rows.next()) throw Error(Code::corrupt, "the ledger's head row is missing from the database");
  return {rows.integer(0), rows.integer(1), rows.text(2)};
}

std::vector<Waiting> readWaiting(db::Session& session, std::int64_t count, std::size_t bytes) {
  std::vector<Waiting> waiting;
  std::size_t sum = 0;
  db::Rows rows =
      session.query("SELECT id, time, body FROM ledger_entry WHERE idx IS NULL ORDER BY id LIMIT $1", {count});
  while (sum < bytes && rows.next()) {
    waiting.push_back({rows.integer(0), rows.integer(1), rows.text(2)});
    sum += waiting.back().body.size();
  }
  return waiting;
}

std::vector<std::string> readBodies(db::Session& session, std::int64_t begin, std::int64_t end) {
  std::vector<std::string> bodies;
  db::Rows rows =
      session.query("SELECT idx, body FROM ledger_entry WHERE idx >= $1 AND idx < $2 ORDER BY idx", {begin, end});
  while (rows.next()) {
    if (rows.integer(0) != begin + static_cast<std::int64_t>(bodies.size())) break;
    bodies.push_back(rows.text(1));
  }
  std::int64_t reached = begin + static_cast<std::int64_t>(bodies.size());
  if (reached < end) throw error(Code::corrupt, "ledger entry {} is missing from the database", reached);
  return bodies;
}

std::vector<Indexed> readIndexed(db::Session& session, std::int64_t begin, std::int64_t end, std::int64_t limit) {
  std::vector<Indexed> entries;
  db::Rows rows = session.query("SELECT idx, body FROM ledger_entry WHERE idx >= $1 AND idx < $2 ORDER BY idx LIMIT $3",
                                {begin, end, limit});
  while (rows.next()) entries.push_back({rows.integer(0), rows.text(1)});
  return entries;
}

std::string TileCache::read(db::Session& session, const Tile& tile) {
  {
    auto kept = kept_.lock();
    if (auto found = kept->tiles.find(keyOf(tile)); found != kept->tiles.end()) return found->second;
  }
  std::string hashes;
  {
    db::Rows rows =
        session.query("SELECT hashes FROM ledger_tile WHERE level = $1 AND number = $2", {tile.level, tile.number});
    if (rows.next()) hashes = rows.bytes(0);
  }
  if (hashes.size() % hashBytes != 0 || hashes.size() > tileWidth * hashBytes ||
      hashes.size() < static_cast<std::size_t>(tile.width) * hashBytes) {
    throw error(Code::corrupt, "the ledger's {} in the database has {} bytes instead of {}", tilePath(tile),
                hashes.size(), tile.width * static_cast<int>(hashBytes));
  }
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

NodeReader TileCache::nodes(db::Session& session) {
  return nodesFromTiles([this, &session](const Tile& tile) { return read(session, tile); });
}

TileEdge readEdge(db::Session& session, TileCache& cache, std::int64_t size) {
  std::vector<std::string> partial;
  for (int level = 0; levelSize(level, size) > 0; ++level) {
    std::int64_t number = levelSize(level, size) / tileWidth;
    int width = widthIn(level, number, size);
    std::string hashes = width == 0 ? std::string() : cache.read(session, {level, number, width});
    hashes.resize(static_cast<std::size_t>(width) * hashBytes);
    partial.push_back(std::move(hashes));
  }
  return TileEdge(size, std::move(partial));
}

}  // namespace regesta::ledger

#pragma once
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/sync.h"
#include "db/database.h"
#include "ledger/tile.h"

/// The ledger's tables (migrations/0002_ledger.sql), read. Only integrate.cpp writes them.
namespace regesta::ledger {

struct Head {
  std::int64_t size = 0;
  std::int64_t time = 0;  ///< of the last entry, microseconds
  std::string note;       ///< empty before the first start
};
Head readHead(db::Transaction& transaction);

/// An entry in the log.
struct Logged {
  std::int64_t index = 0;  ///< position in the log, from 0
  std::int64_t id = 0;     ///< result of append()
  std::int64_t time = 0;   ///< microseconds
  std::string body;        ///< canonical JSON
  std::string salt = {};   ///< raw bytes; empty: the leaf is the body

  std::string leaf() const;        ///< the bytes that were hashed
  std::string disclosure() const;  ///< ledger/leaf.h
};
/// The columns of an entry in the log, and their reader.
inline constexpr std::string_view loggedColumns = "idx, id, time, body, salt";
Logged readLogged(db::Rows& rows);

/// The entries with index begin…end-1. Error{corrupt} naming the first index that is missing.
std::vector<Logged> readEntries(db::Transaction& transaction, std::int64_t begin, std::int64_t end);
/// The leaf of each.
std::vector<std::string> leavesOf(const std::vector<Logged>& entries);

struct Indexed {
  std::int64_t index = 0;
  std::string body;
};
/// The entries with index begin…end-1, at most `limit` of them. Skips missing ones, so that the change feed
/// does not stop there; verification reports them.
std::vector<Indexed> readIndexed(db::Transaction& transaction, std::int64_t begin, std::int64_t end,
                                 std::int64_t limit);

/// The stored tile, possibly wider than requested; empty if missing.
std::string readTile(db::Transaction& transaction, const Tile& tile);
/// Nodes from the database without the cache, to check that it is still the same tree. Throws Error{corrupt} for a
/// missing tile.
NodeReader storedNodes(db::Transaction& transaction);

/// Cache of a bounded number of full tiles, which never change. Thread-safe.
class TileCache {
 public:
  /// The stored tile, possibly wider than requested. Throws Error{corrupt} if it is missing or narrower than
  /// tile.width.
  std::string read(db::Transaction& transaction, const Tile& tile);
  /// For proofs within one read transaction.
  NodeReader nodes(db::Transaction& transaction);

 private:
  struct Kept {
    std::unordered_map<std::int64_t, std::string> tiles;
    std::vector<std::int64_t> order;  ///< a ring buffer: the oldest is evicted first
    std::size_t next = 0;
  };
  Sync<Kept> kept_;
};

/// The partial tiles at the right edge of the tree of `size` leaves.
TileEdge readEdge(db::Transaction& transaction, TileCache& cache, std::int64_t size);

}  // namespace regesta::ledger

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
Head readHead(db::Session& session);

struct Waiting {
  std::int64_t id = 0;
  std::int64_t time = 0;
  std::string body;
};
/// Committed entries without an index, in the order of their ids; at most so many and about so many bytes of them.
std::vector<Waiting> readWaiting(db::Session& session, std::int64_t count, std::size_t bytes);

/// The bodies with index begin…end-1. Error{corrupt} naming the first index that is missing.
std::vector<std::string> readBodies(db::Session& session, std::int64_t begin, std::int64_t end);

struct Indexed {
  std::int64_t index = 0;
  std::string body;
};
/// The entries with index begin…end-1, at most `limit` of them. What is missing is left out, so that a reader of news
/// does not stop there; verification is what finds it.
std::vector<Indexed> readIndexed(db::Session& session, std::int64_t begin, std::int64_t end, std::int64_t limit);

/// Full tiles never change, so they are kept in memory, a bounded number of them. Thread-safe.
class TileCache {
 public:
  /// The tile as stored (maybe wider than asked for). Error{corrupt} when it is missing or narrower than tile.width.
  std::string read(db::Session& session, const Tile& tile);
  /// For proofs within one read transaction.
  NodeReader nodes(db::Session& session);

 private:
  struct Kept {
    std::unordered_map<std::int64_t, std::string> tiles;
    std::vector<std::int64_t> order;  ///< a ring: what came first goes first
    std::size_t next = 0;
  };
  Sync<Kept> kept_;
};

/// The partial tiles at the right edge of the tree of `size` leaves.
TileEdge readEdge(db::Session& session, TileCache& cache, std::int64_t size);

}  // namespace regesta::ledger

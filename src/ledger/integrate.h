#pragma once
#include <optional>

#include "crypto/sign.h"
#include "db/database.h"
#include "ledger/store.h"

namespace regesta::ledger {

/// Gives indexes to waiting entries and extends the stored tree. One thread at a time.
class Integrator {
 public:
  Integrator(db::Database& database, TileCache& cache, std::string origin, crypto::KeyPair key)
      : database_(database), cache_(cache), origin_(std::move(origin)), key_(std::move(key)) {}

  struct Round {
    Head head;                ///< as it is in the database after the round
    std::size_t entries = 0;  ///< integrated by this round; 0 when nothing waited or another process was faster
  };
  /// Durable when it returns.
  Round round();
  /// Signs the checkpoint of the empty tree when the ledger is new.
  void signFirst();

 private:
  struct Plan;
  Plan plan(const Head& head, std::vector<Waiting> waiting) const;
  bool apply(db::Session& session, const Plan& plan) const;

  db::Database& database_;
  TileCache& cache_;
  std::string origin_;
  crypto::KeyPair key_;
  TileEdge edge_;
  std::int64_t historyTime_ = 0;
};

}  // namespace regesta::ledger

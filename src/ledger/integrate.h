#pragma once
#include <optional>

#include "crypto/sign.h"
#include "db/database.h"
#include "ledger/checkpoint.h"
#include "ledger/pending.h"
#include "ledger/store.h"

namespace regesta::ledger {

/// Assigns indexes to waiting entries and extends the stored tree. Signs only entries whose MAC verifies, and only a
/// tree that extends the trusted checkpoint: the one that it last signed or saw. One thread at a time.
class Integrator {
 public:
  Integrator(db::Database& database, TileCache& cache, std::string origin, crypto::KeyPair key)
      : database_(database),
        cache_(cache),
        origin_(std::move(origin)),
        key_(std::move(key)),
        pendingKey_(ledger::pendingKey(key_.seed)) {}

  const crypto::MacKey& pendingKey() const { return pendingKey_; }
  /// The checkpoint that every later tree must extend.
  void trust(const Checkpoint& checkpoint) { trusted_ = checkpoint; }

  struct Round {
    Head head;                ///< in the database after the round
    std::size_t entries = 0;  ///< integrated by this round; 0 if none waited or another process was faster
  };
  /// Durable when it returns. Throws Error{corrupt} if the stored tree does not extend the trusted checkpoint.
  Round round();
  /// Signs the checkpoint of the empty tree if the ledger is new.
  void signFirst();

 private:
  struct Plan;
  struct Seen;
  Seen look(db::Transaction& transaction);
  void follow(db::Transaction& transaction, const Head& head);
  void refuse(const Seen& seen);
  Plan plan(const Head& head, std::vector<Waiting> waiting) const;
  bool apply(db::Transaction& transaction, const Plan& plan) const;

  db::Database& database_;
  TileCache& cache_;
  std::string origin_;
  crypto::KeyPair key_;
  crypto::MacKey pendingKey_;
  Checkpoint trusted_;
  std::string trustedNote_;  ///< the head's note when it was compared with trusted_
  TileEdge edge_;
  std::string newestSalt_;  ///< of the tree of edge_
  std::int64_t historyTime_ = 0;
};

}  // namespace regesta::ledger

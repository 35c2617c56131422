#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "db/database.h"
#include "ledger/ask_witness.h"
#include "ledger/log.h"
#include "ledger/witness_policy.h"

namespace regesta::ledger {

/// Gets the log's checkpoints cosigned by the witnesses of a policy, in the background, and stores the result in the
/// table ledger_cosigned. Thread-safe.
class Witnessing {
 public:
  struct Options {
    WitnessPolicy policy;
    std::function<PostToWitness(const Witness&)> connect;  ///< called once per witness; used by one thread at a time
    std::chrono::milliseconds every{5000};                 ///< shortest pause between two rounds
    std::chrono::milliseconds refresh{600'000};  ///< without new entries: cosign again, to show that none are missing
    std::string file = {};                       ///< copy of the newest cosigned checkpoint; empty: none
  };
  Witnessing(db::Database& database, Log& log, Options options);
  ~Witnessing();

  /// Reads what is stored, and asks every witness once. Call it before the log signs anything new. Throws
  /// Error{corrupt} if one has seen a larger tree than the database has: then the database was restored to an earlier
  /// state. A witness that does not reply stops nobody.
  void open();
  void start();
  void stop();
  /// One round now, on this thread.
  void round();

  const WitnessPolicy& policy() const;
  /// The newest checkpoint whose cosignatures satisfy the policy, a signed note; empty: none yet.
  std::string cosigned();
  /// Starts a round, and waits for such a checkpoint of at least `size` entries; empty after `timeoutMillis`.
  std::optional<std::string> cosignedFrom(std::int64_t size, int timeoutMillis);

  struct State {
    std::string name, url;
    std::int64_t size = 0;  ///< newest size that it cosigned
    std::int64_t time = 0;  ///< seconds
    std::string fault;      ///< why it did not cosign the last time it was asked; empty: it did
    bool conflict = false;  ///< it refuses the log as a contradiction of what it has seen
  };
  struct Summary {
    std::string required;   ///< "2 of 3 witnesses"
    std::int64_t size = 0;  ///< of the newest checkpoint with enough cosignatures
    std::int64_t time = 0;  ///< seconds; 0: none yet
    bool conflict = false;  ///< of any witness
    std::vector<State> witnesses;
  };
  Summary summary();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// Stored checkpoints with cosignatures, the newest first, as signed notes; unverified.
std::vector<std::string> readCosignedNotes(db::Transaction& transaction, std::int64_t limit);

}  // namespace regesta::ledger

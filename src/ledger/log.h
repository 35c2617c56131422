#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crypto/hash.h"
#include "crypto/sign.h"
#include "db/database.h"

namespace regesta::ledger {

struct Logged {
  std::int64_t index = 0;  ///< position in the log, from 0
  std::int64_t id = 0;     ///< what append() returned
  std::string body;        ///< canonical JSON, exactly as hashed
};

/// The running log of one data directory: gives contiguous indexes to committed entries, keeps the Merkle tree, signs
/// checkpoints, writes C2SP tlog-tiles below `folder` (checkpoint, tile/<L>/<N>, tile/entries/<N>) and answers proofs.
/// The database is the truth; the tiles are a copy that is rebuilt from it. Thread-safe; on PostgreSQL several
/// processes may run one each and take turns. Order of a round: one transaction assigns indexes, stores the new tree
/// head and the signed checkpoint; then tiles; then the checkpoint file. So a checkpoint that anybody saw is always
/// backed by the database and never contradicted.
class Log {
 public:
  struct Options {
    std::string origin;  ///< the checkpoint's first line and the key's name, e.g. "regesta.local/3f2a…"
    crypto::KeyPair key;
    std::string folder;  ///< where tiles go; empty: serve them from the database alone
    /// Called on the integrating thread after this process gave entries their index; must not wait for long.
    std::function<void()> grew = nullptr;
  };
  Log(db::Database& database, Options options);
  ~Log();

  /// Rewrites tiles that are missing or of the wrong length, then integrates what is committed but has no index.
  /// Throws Error{corrupt} that names the entry when the database contradicts the stored tree head.
  void recover();
  /// Starts the background threads: one integrates soon after `wake()` and at least every second, the other writes the
  /// files, some five times a second while there is something to write.
  void start();
  /// Ends the threads. What is committed by then gets its index and is written, so that a directory that was closed in
  /// peace has nothing waiting.
  void stop();
  void wake();
  /// One round now, in this thread, files included. Returns the number of entries integrated.
  std::size_t integrate();

  std::string verifierKey() const;  ///< signed-note vkey
  std::string checkpoint();         ///< the newest signed checkpoint (a signed note)
  std::int64_t size();
  std::optional<std::string> tile(int level, std::int64_t number, int width);  ///< width 256 = full; raw hashes
  std::optional<std::string> entryBundle(std::int64_t number, int width);
  std::optional<Logged> entry(std::int64_t index);
  /// Waits until the entry that append() gave `id` has an index; empty optional after `timeoutMillis`.
  std::optional<std::int64_t> indexOf(std::int64_t id, int timeoutMillis);
  std::vector<crypto::Hash> inclusionProof(std::int64_t index, std::int64_t treeSize);
  std::vector<crypto::Hash> consistencyProof(std::int64_t from, std::int64_t to);
  /// C2SP tlog-proof text: index, inclusion hashes, and the newest checkpoint that covers it.
  std::string receipt(std::int64_t index);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace regesta::ledger

#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crypto/hash.h"
#include "crypto/mac.h"
#include "crypto/sign.h"
#include "db/database.h"
#include "ledger/store.h"

namespace regesta::ledger {

class Timestamping;
class Witnessing;

/// The running log of a data directory: assigns contiguous indexes to committed entries, maintains the Merkle tree,
/// signs checkpoints, writes C2SP tlog-tiles below `folder` (checkpoint, tile/<L>/<N>, tile/entries/<N>) and makes
/// proofs. The database is authoritative; the tiles are a copy that is rebuilt from it. Thread-safe; on PostgreSQL
/// several processes may run one each and take turns. A round is one transaction that assigns indexes and stores the
/// new tree head and the signed checkpoint, then the tiles, then the checkpoint file. So the database always has every
/// published checkpoint.
class Log {
 public:
  struct Options {
    std::string origin;  ///< the checkpoint's first line and the key's name, e.g. "regesta.local/3f2a…"
    crypto::KeyPair key;
    std::string folder;  ///< folder of the tiles; empty: serve them only from the database
    /// Where the newest checkpoint is kept outside the database, so that a database of an earlier day is refused;
    /// empty: nowhere.
    std::string keptFile = {};
    /// Entries that a version without MACs left waiting are adopted. True only at the start that brought the table
    /// its MACs.
    bool adoptWaiting = false;
    /// Called on the integrating thread after this process assigned indexes; must not wait for long.
    std::function<void()> grew = nullptr;
  };
  Log(db::Database& database, Options options);
  ~Log();

  /// Rewrites tiles that are missing or of the wrong length, then integrates what is committed but has no index.
  /// Throws Error{corrupt} that names the entry if the database contradicts the stored tree head, and if it is behind,
  /// or contradicts, the kept or the published checkpoint.
  void recover();
  /// Starts the background threads: one integrates soon after `wake()` and at least every second, the other writes the
  /// files, some five times a second while there is something to write.
  void start();
  /// Ends the threads after integrating and writing everything committed, so nothing waits after a clean shutdown.
  void stop();
  void wake();
  /// Runs one round now, in this thread, including files. Returns the number of integrated entries.
  std::size_t integrate();

  std::string verifierKey() const;           ///< signed-note vkey
  const crypto::MacKey& pendingKey() const;  ///< for append()
  /// The checkpoint kept outside the database: a signed note; empty: none.
  std::string keptCheckpoint();
  std::string checkpoint();  ///< the newest signed checkpoint (a signed note)
  /// The newest checkpoint whose files are written: what to give to others, who may compare it with the tiles. At most
  /// some 0.2 s behind checkpoint(). A signed note.
  std::string publishedCheckpoint();
  std::int64_t size();
  /// The size, looked up in the database if less than `least` is known here.
  std::int64_t sizeAtLeast(std::int64_t least);
  /// The newest checkpoint with enough cosignatures of witnesses, for receipts and cosignedCheckpoint().
  void setCosigned(std::string note, std::int64_t size);
  std::string cosignedCheckpoint();                                            ///< a signed note; empty: none
  std::optional<std::string> tile(int level, std::int64_t number, int width);  ///< width 256 = full; raw hashes
  std::optional<std::string> entryBundle(std::int64_t number, int width);
  std::optional<Logged> entry(std::int64_t index);
  /// Waits until the entry that append() gave `id` has an index; empty optional after `timeoutMillis`.
  std::optional<std::int64_t> indexOf(std::int64_t id, int timeoutMillis);
  std::vector<crypto::Hash> inclusionProof(std::int64_t index, std::int64_t treeSize);
  std::vector<crypto::Hash> consistencyProof(std::int64_t from, std::int64_t to);

  /// Who gets cosignatures and timestamps of its checkpoints; null: not configured. Call before requests are served;
  /// both must outlive their use.
  void attach(Witnessing* witnessing, Timestamping* timestamping);
  Witnessing* witnessing() const;
  Timestamping* timestamping() const;
  /// 32 secret bytes that follow from the signing key, for the key that signs attestations.
  std::string attestationSecret() const;
  /// C2SP tlog-proof text: index, inclusion hashes, and the newest cosigned checkpoint that covers it; if there is
  /// none, the newest checkpoint.
  std::string receipt(std::int64_t index);
  /// The receipts of several entries, all against one checkpoint, in their order.
  std::vector<std::string> receipts(const std::vector<std::int64_t>& indexes);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace regesta::ledger

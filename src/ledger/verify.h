#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "db/database.h"
#include "ledger/checkpoint.h"
#include "ledger/log.h"
#include "ledger/receipt.h"

/// Verification that trusts only a verifier key. verifyReceipt() is in ledger/receipt.h.
namespace regesta::ledger {

struct Finding {
  std::int64_t index = -1;  ///< the entry; -1: the whole log
  std::string what;         ///< a sentence for users
};

struct Report {
  std::int64_t entries = 0;    ///< number of checked entries
  std::int64_t waiting = 0;    ///< committed but without an index yet (databases only); not a fault
  bool waitingChecked = true;  ///< false: some wait, and no key was given to check that a server wrote them
  Checkpoint checkpoint;       ///< the signed checkpoint that the log was compared with
  std::vector<Finding> findings;
  std::int64_t further = 0;  ///< findings beyond Options::findings, only counted
  bool ok() const { return findings.empty(); }
};

struct VerifyOptions {
  std::size_t findings = 20;
  /// Signed checkpoints that were saved earlier: the log must extend each of them.
  std::vector<std::string> kept;
  /// Log::pendingKey(), for waiting entries; null: unknown whether a server wrote them.
  const crypto::MacKey* pending = nullptr;
  /// Called periodically with the number of checked entries.
  std::function<void(std::int64_t done, std::int64_t total)> progress;
};

/// Recomputes everything from the entries' bytes: hashes, indexes, times, the tree against every signed checkpoint. One
/// read transaction in constant memory. Throws only if the database cannot be read.
Report verifyDatabase(db::Database& database, const VerifierKey& key, const VerifyOptions& options = {});

/// The same for a folder of C2SP tiles (checkpoint, tile/…), without a database.
Report verifyFolder(const std::string& folder, const VerifierKey& key, const VerifyOptions& options = {});

/// Visits every entry that has an index, in the order of the log.
void forEach(db::Transaction& transaction, const std::function<void(const Logged&)>& visit);
/// The same, followed by waiting entries that a server wrote (index -1), by id. Without the key, all waiting entries
/// count as written by a server.
void forEachCommitted(db::Transaction& transaction, const crypto::MacKey* pending,
                      const std::function<void(const Logged&)>& visit);

/// "entry 17 (alias.moved on model/loan-risk#production)".
std::string entryName(std::int64_t index, std::string_view body);

/// Compares the entries of the last tile with their stored hashes. Throws Error{corrupt} that names the first wrong
/// one.
void checkLastEntries(db::Transaction& transaction, std::int64_t size);

}  // namespace regesta::ledger

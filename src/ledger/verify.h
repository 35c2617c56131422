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

/// Verification that trusts nothing but a verifier key. verifyReceipt() is in ledger/receipt.h.
namespace regesta::ledger {

struct Finding {
  std::int64_t index = -1;  ///< the entry, or -1 when it is about the log as a whole
  std::string what;         ///< a sentence for a person
};

struct Report {
  std::int64_t entries = 0;  ///< how many have been looked at
  std::int64_t waiting = 0;  ///< committed but without an index yet (databases only); no fault
  Checkpoint checkpoint;     ///< the signed one that the log was compared with
  std::vector<Finding> findings;
  std::int64_t further = 0;  ///< findings beyond Options::findings, counted but not kept
  bool ok() const { return findings.empty(); }
};

struct VerifyOptions {
  std::size_t findings = 20;
  /// Signed checkpoints that somebody kept: the log must extend each of them.
  std::vector<std::string> kept;
  /// Called now and then.
  std::function<void(std::int64_t done, std::int64_t total)> progress;
};

/// Recomputes everything from the entries' bytes: hashes, indexes, times, the tree against every signed checkpoint. One
/// read transaction, memory does not grow with the log. Throws only when the database cannot be read at all.
Report verifyDatabase(db::Database& database, const VerifierKey& key, const VerifyOptions& options = {});

/// The same for a folder of C2SP tiles (checkpoint, tile/…), without any database.
Report verifyFolder(const std::string& folder, const VerifierKey& key, const VerifyOptions& options = {});

/// Visits every entry that has an index, in the order of the log.
void forEach(db::Session& session, const std::function<void(const Logged&)>& visit);

/// "entry 17 (alias.moved on model/loan-risk#production)".
std::string entryName(std::int64_t index, std::string_view body);

/// Compares the entries of the last tile with their stored hashes. Error{corrupt} that names the first wrong one.
void checkLastEntries(db::Session& session, std::int64_t size);

}  // namespace regesta::ledger

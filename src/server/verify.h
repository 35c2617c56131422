#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ledger/witness_policy.h"

namespace regesta::server {

/// Result of the offline verification of one server's state. `findings` empty: entries, tree, checkpoints, tiles and
/// the state in the database agree with each other and with the key.
struct DataReport {
  std::string key;  ///< the verifier key used
  std::int64_t entries = 0;
  std::int64_t waiting = 0;    ///< committed, not yet in the tree; not a fault
  bool waitingChecked = true;  ///< false: some wait, and no signing key was available to check them
  std::int64_t checkpointSize = 0;
  std::string checkpointRoot;                ///< base64
  std::int64_t compared = 0;                 ///< pointers, approvals and decisions compared with the ledger
  bool tiles = false;                        ///< whether tiles were checked
  std::optional<ledger::Cosigned> cosigned;  ///< the newest checkpoint that satisfies DataCheck::witnesses
  std::int64_t timestamps = 0;               ///< number of RFC 3161 timestamps that verify
  std::int64_t timestampedSize = 0;          ///< of the newest of them
  std::int64_t timestampedAt = 0;            ///< milliseconds
  struct Finding {
    std::string subject;  ///< "ledger", "tiles", "model/loan-risk#production", …
    std::string what;
  };
  std::vector<Finding> findings;
};

struct DataCheck {
  std::string folder;             ///< the data directory; may be empty if `database` and `key` are given
  std::string database;           ///< postgres://… with the state; empty: regesta.db in the folder
  std::string key;                ///< verifier key (vkey); empty: that of the directory's key
  std::vector<std::string> kept;  ///< signed checkpoints saved earlier
  std::optional<ledger::WitnessPolicy> witnesses;  ///< whose cosignatures are required
  std::int64_t uncosignedSeconds = 3600;           ///< by which the last entry may be newer than the cosignatures
  std::string timestampCa;  ///< PEM text with the CA of the time-stamping authority; empty: timestamps are not checked
  std::function<void(std::int64_t done, std::int64_t total)> progress;
};

/// Reads only: the database may be a copy, or belong to a running server. Without a folder, tiles are not checked.
/// Throws Error{notFound} without a database or key, Error{invalid} for an invalid key, Error{corrupt} or
/// Error{unavailable} if the database cannot be read.
DataReport verifyData(const DataCheck& check);

}  // namespace regesta::server

#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace regesta::server {

/// Result of the offline verification of one server's state. `findings` empty: entries, tree, checkpoints, tiles and
/// the state in the database agree with each other and with the key.
struct DataReport {
  std::string key;  ///< the verifier key used
  std::int64_t entries = 0;
  std::int64_t waiting = 0;    ///< committed, not yet in the tree; not a fault
  bool waitingChecked = true;  ///< false: some wait, and no signing key was available to check them
  std::int64_t checkpointSize = 0;
  std::string checkpointRoot;  ///< base64
  std::int64_t compared = 0;   ///< pointers, approvals and decisions compared with the ledger
  bool tiles = false;          ///< whether tiles were checked
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
  std::function<void(std::int64_t done, std::int64_t total)> progress;
};

/// Reads only: the database may be a copy, or belong to a running server. Without a folder, tiles are not checked.
/// Throws Error{notFound} without a database or key, Error{invalid} for an invalid key, Error{corrupt} or
/// Error{unavailable} if the database cannot be read.
DataReport verifyData(const DataCheck& check);

}  // namespace regesta::server

#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace regesta::server {

/// What an offline look at one server's state found. `findings` empty: entries, tree, checkpoints, tiles and the state
/// in the database agree with each other and with the key.
struct DataReport {
  std::string key;  ///< the verifier key it was checked with
  std::int64_t entries = 0;
  std::int64_t waiting = 0;  ///< committed, not yet in the tree: no fault
  std::int64_t checkpointSize = 0;
  std::string checkpointRoot;  ///< base64
  std::int64_t compared = 0;   ///< pointers, approvals and decisions compared with what the ledger says of them
  bool tiles = false;          ///< there were tiles to check
  struct Finding {
    std::string subject;  ///< "ledger", "tiles", "model/loan-risk#production", …
    std::string what;
  };
  std::vector<Finding> findings;
};

struct DataCheck {
  std::string folder;             ///< the data directory; may be empty when `database` and `key` are given
  std::string database;           ///< postgres://… where the state is; empty: regesta.db in the folder
  std::string key;                ///< verifier key (vkey); empty: the public half of the directory's own key
  std::vector<std::string> kept;  ///< signed checkpoints that somebody kept
  std::function<void(std::int64_t done, std::int64_t total)> progress;
};

/// Only reads: the database may be a copy, or belong to a running server. Without a folder no tiles are looked at.
/// Throws Error{notFound} when there is no database or no key, Error{invalid} for a key that is none, Error{corrupt} or
/// Error{unavailable} when the database cannot be read.
DataReport verifyData(const DataCheck& check);

}  // namespace regesta::server

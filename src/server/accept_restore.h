#pragma once
#include <cstdint>
#include <string>

#include "base/config.h"

namespace regesta::server {

struct AcceptedRestore {
  std::int64_t lost = 0;   ///< size of the checkpoint that the database is behind or contradicts
  std::int64_t size = 0;   ///< entries of the accepted database
  std::int64_t entry = 0;  ///< index of the entry that records it
  std::string evidence;    ///< the file with the abandoned checkpoint
};

/// Lets a server continue with a database that is behind a checkpoint it once signed: keeps that checkpoint and the
/// published tiles as evidence, and records both checkpoints and the reason as "ledger.restored". Receipts and
/// checkpoints of the lost entries will contradict the new ledger. The server must be stopped. Throws
/// Error{invalidState} if the database extends every kept checkpoint, because there is nothing to accept.
AcceptedRestore acceptRestore(const Config& config, const std::string& reason);

}  // namespace regesta::server

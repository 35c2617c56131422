#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"
#include "crypto/mac.h"
#include "db/database.h"

namespace regesta::ledger {

/// One action before it is written. `data` has digests of payloads, not the payloads.
struct Entry {
  std::string action;     ///< "version.created", "alias.moved", "alias.move-refused", "approval.given", …
  std::string actor;      ///< an authenticated name: "user:anna", "token:ci", "local:root", "system:rollout"
  std::string workspace;  ///< its name
  std::string subject;    ///< "model/loan-risk@7", "model/loan-risk#production", "user/anna", …
  json::object data;
  /// Canonical JSON: the digest of each governed row that the change wrote (registry/row_note.h). Empty: none.
  std::string rows = {};
};

/// The body of an entry: canonical JSON {"action","actor","data","rows","subject","time","v":1,"workspace"}, at
/// most limits::ledgerEntry bytes (Error{tooLarge} above). `timeMicros` becomes RFC 3339 with milliseconds.
std::string encode(const Entry& entry, std::int64_t timeMicros);

/// Writes the entry in the caller's transaction: it exists if and only if the change does. Returns its id, which is
/// roughly in order; the integrator assigns its index in the log soon after the commit, if `key` is the log's
/// pendingKey().
std::int64_t append(db::Transaction& transaction, const Entry& entry, const crypto::MacKey& key);
/// The same with Transaction::send(): the one row of the result is the id.
db::Rows send(db::Transaction& transaction, const Entry& entry, const crypto::MacKey& key);

}  // namespace regesta::ledger

#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"
#include "db/database.h"

namespace regesta::ledger {

/// What one deed looks like before it is written down. `data` carries digests of payloads, not the payloads.
struct Entry {
  std::string action;     ///< "version.created", "alias.moved", "alias.move-refused", "approval.given", …
  std::string actor;      ///< an authenticated name: "user:anna", "token:ci", "local:root", "system:rollout"
  std::string workspace;  ///< its name
  std::string subject;    ///< "model/loan-risk@7", "model/loan-risk#production", "user/anna", …
  json::object data;
};

/// The bytes that are hashed: canonical JSON {"action","actor","data","subject","time","v":1,"workspace"}, at most
/// limits::ledgerEntry bytes (Error{tooLarge} above). `timeMicros` becomes RFC 3339 with milliseconds.
std::string encode(const Entry& entry, std::int64_t timeMicros);

/// Writes the entry inside the caller's transaction: it exists if and only if the change does. Returns its id, which
/// orders entries roughly; its index in the log is given by the integrator soon after the commit.
std::int64_t append(db::Session& session, const Entry& entry);

}  // namespace regesta::ledger

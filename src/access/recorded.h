#pragma once
// Inside the access room only: rows that grant access must equal what the ledger last recorded.
#include <string>
#include <string_view>

#include "db/database.h"

namespace regesta::access {

/// The subject of entries about an actor: "user/anna" for "user:anna".
std::string subjectOf(std::string_view actor);

/// Whether the row of `table` (user_account, service_token, session) that `key` names is genuine and the newest that
/// the server wrote: its MAC fits, and the newest ledger entry about the row, found by `actor` ("user:anna"), left it
/// like this. So restoring an old row grants nothing. False if there is no such row.
bool isRecorded(db::Transaction& transaction, std::string_view table, db::Param key, std::string_view actor);

}  // namespace regesta::access

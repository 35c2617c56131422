#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "db/database.h"
#include "ledger/checkpoint.h"

/// The newest checkpoint that a server signed or saw, in a file outside the database, which reveals that the database
/// was restored to an earlier state.
namespace regesta::ledger {

/// Empty if there is no such file or `file` is empty. Throws Error{corrupt} for one that `key` did not sign.
std::optional<std::string> readKeptNote(const std::string& file, const VerifierKey& key);

/// Throws Error{corrupt} if the tree of `size` leaves in the database is shorter than the earlier checkpoint or has
/// another root for it. `where` names the checkpoint: "the published checkpoint /…/checkpoint".
void requireExtends(db::Transaction& transaction, std::int64_t size, const Checkpoint& earlier, std::string_view where);

/// The next step for a database that is behind a checkpoint; the end of such error messages.
extern const std::string_view afterRestore;

}  // namespace regesta::ledger

#pragma once
#include "governance/replay.h"

namespace regesta::governance {

/// SQLite stores any type in any column: a name stored as a BLOB reads like the text but never equals it, which hides a
/// rule, seal or session from queries. Adds each covered column whose value has another storage class than declared.
/// SQLite only.
void checkStorage(db::Transaction& transaction, Comparison& found, std::size_t limit);

/// An index that was rebuilt without some rows hides them from queries, although the tables are complete. Adds what
/// SQLite's integrity check finds. SQLite only.
void checkIndexes(db::Transaction& transaction, Comparison& found, std::size_t limit);

}  // namespace regesta::governance

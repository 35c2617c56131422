#pragma once
#include <cstddef>

#include "governance/replay.h"

namespace regesta::governance {

/// What versions were made of must still be there: the logged models that they name, and the files in their sealed
/// folders. Rows of both are written in bulk, so no entry of the ledger misses one; the versions do.
void checkSources(db::Transaction& transaction, Comparison& found, std::size_t limit);

}  // namespace regesta::governance

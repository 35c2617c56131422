#pragma once
#include "api/native/aliases.h"
#include "registry/pointer.h"

namespace regesta::api::native {

/// Moves and refused attempts of a pointer after entry row `before` (0: from the newest), newest first, with the users
/// of a change request that caused a move.
Page<HistoryItem> pointerHistoryPage(db::Transaction& transaction, const registry::AssetKey& key,
                                     const registry::Pointer& pointer, std::int64_t before, std::size_t rows);

/// One move with its users.
HistoryItem movementItem(db::Transaction& transaction, const registry::AssetKey& key,
                         const registry::Position& position);

}  // namespace regesta::api::native

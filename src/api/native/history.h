#pragma once
#include "api/native/aliases.h"
#include "registry/pointer.h"

namespace regesta::api::native {

/// Moves and refused attempts of a pointer below entry `before` (0: from the newest), newest first, with the people
/// behind a move that a change request brought about.
Page<HistoryItem> pointerHistoryPage(db::Session& session, const registry::AssetKey& key, std::string_view pointer,
                                     std::int64_t before, std::size_t rows);

/// One movement with the people behind it.
HistoryItem movementItem(db::Session& session, const registry::AssetKey& key, const registry::Position& position);

}  // namespace regesta::api::native

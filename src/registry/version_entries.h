#pragma once
#include <cstdint>
#include <vector>

#include "registry/asset.h"

namespace regesta::registry {

/// Ids of the ledger entries that concern a version, in the order of the tree: about its asset, about itself, and every
/// move, refused move and rollout of a pointer that names it. Follows renames; an earlier asset of the same name is
/// another one.
std::vector<std::int64_t> entriesOfVersion(db::Transaction& transaction, const AssetKey& key, std::int64_t number);
/// Ids of all entries about a subject that belongs to no asset: "change-request/4", "run/…", "hold/1".
std::vector<std::int64_t> entriesAbout(db::Transaction& transaction, std::string_view workspace,
                                       std::string_view subject);
/// Id of the oldest of them; 0: none.
std::int64_t firstEntryAbout(db::Transaction& transaction, std::string_view workspace, std::string_view subject);

}  // namespace regesta::registry

#pragma once
#include <cstdint>
#include <map>

#include "registry/asset.h"

namespace regesta::registry {

/// When a pointer or rollout last had, or left, each version of the asset: milliseconds by version number, from the
/// ledger. Versions that no pointer ever had are absent. Follows renames.
std::map<std::int64_t, std::int64_t> lastPointed(db::Transaction& transaction, const AssetKey& key);

}  // namespace regesta::registry

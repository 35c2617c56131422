#pragma once
#include "registry/asset.h"
#include "registry/change.h"

namespace regesta::registry {

/// What the column asset.skeleton holds for a name.
std::string storedSkeleton(std::string_view name);

/// Throws Invalid when another asset with names of the same space has a name that looks like this one, or one of the
/// two reads as a version or alias of the other (loan@3, loan#production): readers and approvers would take one for the
/// other. Also when it differs only by case from names that a policy guards, and so is not guarded. `self` is the asset
/// that gets the name; 0: a new one.
void checkNoLookAlike(db::Transaction& transaction, const AssetKey& key, std::int64_t self = 0);

/// Gives assets that are older than the column their skeletons.
void fillSkeletons(Store& store);

}  // namespace regesta::registry

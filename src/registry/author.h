#pragma once
#include <set>
#include <string>

#include "registry/change.h"
#include "registry/version.h"

namespace regesta::registry {

/// Authors of the version and of the versions that it is a copy of (models:/NAME/VERSION), transitively: copying a
/// version does not change who its author is. Deleted versions count, also those of a deleted asset (keepAuthors).
std::set<std::string> authorsOf(db::Transaction& transaction, const Version& version);

/// Stores the author of each copied version of the asset with the copy; call before the asset is deleted.
void keepAuthors(Change& change, const Asset& asset);

}  // namespace regesta::registry

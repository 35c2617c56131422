#pragma once
#include <set>
#include <string>

#include "registry/change.h"
#include "registry/version.h"

namespace regesta::registry {

/// Who made the version's content: its own author, and those of the versions that it is a copy of
/// (models:/NAME/VERSION), consists of, includes (use.h), and goes on from (parts.h), transitively. What it goes on
/// from counts until a policy has let that version onto a pointer: from then on it is what others have accepted.
/// Deleted versions count, also those of a deleted asset (keepAuthors).
std::set<std::string> authorsOf(db::Transaction& transaction, const Version& version);

/// Stores the author of each copied version of the asset with the copy; call before the asset is deleted.
void keepAuthors(Change& change, const Asset& asset);

}  // namespace regesta::registry

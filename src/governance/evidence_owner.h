#pragma once
#include <optional>

#include "governance/evidence.h"

namespace regesta::governance {

/// The asset whose live version the evidence is about, by its present name; empty once the version was deleted, even if
/// its name or row id is used again.
std::optional<registry::AssetKey> ownerOf(db::Transaction& transaction, const Evidence& evidence);

}  // namespace regesta::governance

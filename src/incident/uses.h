#pragma once
#include "base/json.h"
#include "db/database.h"
#include "registry/version.h"

namespace regesta::incident {

/// {"traces", "runs", "records": {"count", "first_at", "last_at"}}: what used the version. Counts only, so that
/// everybody who may read the version may see them.
json::object usesOf(db::Transaction& transaction, const registry::Version& version);

}  // namespace regesta::incident

#pragma once
#include "base/json.h"
#include "db/database.h"
#include "tracking/run.h"

namespace regesta::tracking {

/// What W&B's clients stored of a run and show again besides its params, tags and metrics: digests of the config, the
/// summary, and the lines of history and events, of a run that has ended also of its console log. Empty if they stored
/// nothing.
json::object clientContent(db::Transaction& transaction, const Run& run);
/// Whether digesting it takes little time.
bool isClientContentShort(db::Transaction& transaction, const Run& run);

}  // namespace regesta::tracking

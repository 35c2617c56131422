#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "registry/change.h"

namespace regesta::jobs {

/// Takes or extends the lease on a kind of work for `millis`. True if `holder` has it now; false if another server has
/// it. Clocks of servers on one database must agree to within a fraction of `millis`.
bool takeLease(registry::Store& store, std::string_view name, std::string_view holder, std::int64_t millis);
/// Releases the lease if `holder` has it.
void dropLease(registry::Store& store, std::string_view name, std::string_view holder);

}  // namespace regesta::jobs

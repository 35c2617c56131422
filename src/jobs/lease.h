#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "registry/change.h"

namespace regesta::jobs {

/// Takes or prolongs the lease on a kind of work for `millis`. True when `holder` has it now; false when another server
/// has it still. Clocks of servers on one database must agree to within a fraction of `millis`.
bool takeLease(registry::Store& store, std::string_view name, std::string_view holder, std::int64_t millis);
/// Lets go of it at once, where `holder` has it.
void dropLease(registry::Store& store, std::string_view name, std::string_view holder);

}  // namespace regesta::jobs

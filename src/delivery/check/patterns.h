#pragma once
#include "base/json_schema.h"
#include "policy/engine.h"

namespace regesta::delivery::check {

/// Searches in the policy workers, where a hostile pattern ends at their limits. The syntax is RE2's, as in policies:
/// no look-around, no back references. Throws Error{invalid} for a pattern that is none. `engine` must live longer.
PatternSearch patternsBy(policy::Engine& engine);

}  // namespace regesta::delivery::check

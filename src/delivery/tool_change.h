#pragma once
#include <string>
#include <vector>

#include "base/json.h"
#include "delivery/bump.h"

namespace regesta::delivery {

/// {"type":"function","function":{"name"}}, {"name"} or a bare name; empty when it has none.
std::string toolName(const json::value& tool);

/// What a change of the tools means for the application that carries them out: a tool gone, or other arguments, breaks
/// it; a new tool, an argument it need not give or another description does not.
std::vector<BumpReason> toolChanges(const json::array& before, const json::array& after);

}  // namespace regesta::delivery

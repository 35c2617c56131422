#pragma once
#include <string>
#include <vector>

#include "base/json.h"
#include "prompt/bump.h"

namespace regesta::prompt {

/// {"type":"function","function":{"name"}}, {"name"} or a bare name; empty without a name.
std::string toolName(const json::value& tool);

/// The effect of a change of tools on the application that runs them: a removed tool or changed arguments break it; a
/// new tool, an optional argument or another description does not.
std::vector<BumpReason> toolChanges(const json::array& before, const json::array& after);

}  // namespace regesta::prompt

#pragma once
#include <vector>

#include "base/config.h"
#include "cli/arguments.h"

namespace regesta::cli {

/// One option a setting of base/config.h, and --config.
std::vector<Option> settingOptions();
/// The effective settings of a command with settingOptions().
Config configOf(const Arguments& arguments);

}  // namespace regesta::cli

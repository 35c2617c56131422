#pragma once
#include "cli/command.h"

namespace regesta::cli {

Commands signCommands();
Commands cardCommands();

}  // namespace regesta::cli

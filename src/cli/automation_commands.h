#pragma once
#include "cli/command.h"

namespace regesta::cli {

/// What the server does on an event.
Commands triggerCommands();
Commands standingGuardCommands();

}  // namespace regesta::cli

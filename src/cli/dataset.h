#pragma once
#include "cli/command.h"

namespace regesta::cli {

/// Commands that only datasets have; assets.cpp adds them to those of every kind.
Commands datasetCommands();

}  // namespace regesta::cli

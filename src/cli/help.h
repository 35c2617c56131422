#pragma once
#include <cstdio>
#include <string>
#include <string_view>

#include "cli/command.h"

namespace regesta::cli {

/// "regesta alias set ASSET ALIAS VERSION [options]"
std::string usageLine(const Command& command);
/// Everything about one command, with examples.
void printHelp(const Command& command);
/// The commands below a group, or ("") all of the program.
void printOverview(const std::string& group, std::FILE* stream);
bool isGroup(std::string_view word);

}  // namespace regesta::cli

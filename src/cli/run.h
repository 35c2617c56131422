#pragma once
#include <string>
#include <vector>

#include "cli/command.h"

namespace regesta::cli {

/// Every command of the program, in the order of the help page.
const Commands& allCommands();
const std::vector<Group>& commandGroups();

/// The command whose words `words` begins with, or null; `consumed` is how many words name it.
const Command* findCommand(const std::vector<std::string>& words, std::size_t& consumed);

/// Runs one command line (without the program's name) and returns its exit code. The one place that catches.
int runCommandLine(const std::vector<std::string>& words);

}  // namespace regesta::cli

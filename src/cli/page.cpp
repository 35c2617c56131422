#include "cli/commands.h"
#include "cli/help.h"
#include "cli/run.h"
#include "cli/session.h"

namespace regesta::cli {
namespace {

/// A cell of a Markdown table.
std::string cell(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

std::string capitalised(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

void printOptions(const std::vector<Option>& options) {
  for (const Option& option : options) {
    std::string names = option.letter ? fmt::format("-{}, --{}", option.letter, option.name) : "--" + option.name;
    if (!option.value.empty()) names += " " + option.value;
    fmt::print("| `{}` | {}{} |\n", cell(names), cell(option.about),
               option.required ? " (required)"
               : option.many   ? " (repeatable)"
                               : "");
  }
}

void printCommand(const Command& command, bool heading) {
  if (heading) fmt::print("\n### {}\n", command.path);
  fmt::print("\n{}.\n\n```\n{}\n```\n", capitalised(command.summary), usageLine(command));
  if (!command.more.empty()) fmt::print("\n{}\n", command.more);
  if (!command.operands.empty() || !command.options.empty()) {
    fmt::print("\n| argument | meaning |\n| --- | --- |\n");
    for (const Operand& operand : command.operands) fmt::print("| `{}` | {} |\n", operand.name, cell(operand.about));
    printOptions(command.options);
  }
  if (command.examples.empty()) return;
  fmt::print("\n```sh\n");
  for (const std::string& example : command.examples) fmt::print("{}\n", example);
  fmt::print("```\n");
}

std::string firstWord(const Command& command) { return command.path.substr(0, command.path.find(' ')); }

/// The first words, each once, in the order of the list; several files add commands to one of them.
std::vector<std::string> groups() {
  std::vector<std::string> found;
  for (const Command& command : allCommands())
    if (!command.hidden && std::ranges::find(found, firstWord(command)) == found.end())
      found.push_back(firstWord(command));
  return found;
}

int page(Session&) {
  fmt::print(
      "# The command line\n\n"
      "Use this page to look up a command, its arguments and its options. `regesta reference-page` writes it.\n\n"
      "Write assets as `KIND/NAME`, versions as `KIND/NAME@VERSION` and aliases as `KIND/NAME#ALIAS`:\n"
      "`model/loan-risk@3`, `model/loan-risk#production`. The kinds are model, prompt, dataset, policy and artifact.\n"
      "Tables show color on a terminal only (`NO_COLOR` turns it off); `--json` prints JSON instead.\n"
      "Progress bars go to stderr, on a terminal only.\n\n"
      "| exit code | meaning |\n| --- | --- |\n| 0 | done |\n| 1 | failed |\n| 2 | invalid command line |\n"
      "| 3 | refused by a gate or by access control |\n| 4 | not found |\n| 5 | verification failed |\n| 6 | approvals "
      "or evidence are still missing (`regesta gate`) |\n\n"
      "Every command has these options:\n\n| option | meaning |\n| --- | --- |\n");
  printOptions(commonOptions());
  fmt::print(
      "\nCredentials: `REGESTA_TOKEN`, or `REGESTA_USER` with `REGESTA_PASSWORD`, or the credentials stored by "
      "`regesta login`.\n"
      "`REGESTA_CA_FILE` names a file of CA certificates to trust.\n");
  for (const std::string& group : groups()) {
    fmt::print("\n## {}\n", group);
    for (const Command& command : allCommands())
      if (!command.hidden && firstWord(command) == group) printCommand(command, command.path != group);
  }
  return Exit::done;
}

}  // namespace

Commands pageCommands() {
  return {{.path = "reference-page", .summary = "print docs/cli.md", .run = page, .hidden = true}};
}

}  // namespace regesta::cli

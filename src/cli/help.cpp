#include "cli/help.h"

#include "cli/arguments.h"
#include "cli/run.h"
#include "cli/terminal.h"

namespace regesta::cli {
namespace {

using Lines = std::vector<std::pair<std::string, std::string>>;

void printColumns(const Lines& lines, std::FILE* stream) {
  std::size_t width = 0;
  for (const auto& [left, right] : lines) width = std::max(width, displayWidth(left));
  for (const auto& [left, right] : lines)
    fmt::print(stream, "  {}{}  {}\n", paint(left, Colour::cyan, stream), std::string(width - displayWidth(left), ' '),
               right);
}

std::string optionText(const Option& option) {
  std::string text = option.letter ? fmt::format("-{}, --{}", option.letter, option.name) : "--" + option.name;
  return option.value.empty() ? text : text + " " + option.value;
}

void printOptions(std::string_view title, const std::vector<Option>& options) {
  if (options.empty()) return;
  fmt::print("\n{}\n", paint(title, Colour::bold));
  Lines lines;
  for (const Option& option : options)
    lines.emplace_back(optionText(option), option.about + (option.required ? " (required)"
                                                           : option.many   ? " (repeatable)"
                                                                           : ""));
  printColumns(lines, stdout);
}

}  // namespace

std::string usageLine(const Command& command) {
  std::string line = "regesta " + command.path;
  for (const Operand& operand : command.operands) {
    std::string name = operand.many ? operand.name + "..." : operand.name;
    line += operand.required ? " " + name : fmt::format(" [{}]", name);
  }
  for (const Option& option : command.options)
    if (option.required) line += fmt::format(" --{} {}", option.name, option.value);
  return line + " [options]";
}

void printHelp(const Command& command) {
  fmt::print("{}\n\n{}\n", command.summary, paint("usage: " + usageLine(command), Colour::bold));
  if (!command.more.empty()) fmt::print("\n{}\n", command.more);
  if (!command.operands.empty()) {
    fmt::print("\n{}\n", paint("arguments", Colour::bold));
    Lines lines;
    for (const Operand& operand : command.operands) lines.emplace_back(operand.name, operand.about);
    printColumns(lines, stdout);
  }
  printOptions("options", command.options);
  printOptions("everywhere", commonOptions());
  if (command.examples.empty()) return;
  fmt::print("\n{}\n", paint("examples", Colour::bold));
  for (const std::string& example : command.examples) fmt::print("  {}\n", example);
}

bool isGroup(std::string_view word) {
  return std::ranges::any_of(allCommands(), [&](const Command& command) {
    return !command.hidden && command.path.starts_with(std::string(word) + " ");
  });
}

void printOverview(const std::string& group, std::FILE* stream) {
  if (group.empty()) {
    fmt::print(
        stream,
        "Regesta: the system of record for prompts, models, datasets and policies.\n\n"
        "{}\n\nRun a command with --help for its options. Write assets as KIND/NAME, versions as\n"
        "KIND/NAME@VERSION and aliases as KIND/NAME#ALIAS: model/loan-risk@3 and model/loan-risk#production.\n\n",
        paint("usage: regesta COMMAND [arguments] [options]", Colour::bold, stream));
    Lines lines;
    std::set<std::string> shown;
    for (const Command& command : allCommands()) {
      std::string first = command.path.substr(0, command.path.find(' '));
      if (command.hidden || !shown.insert(first).second) continue;
      std::string summary = command.summary;
      for (const Group& known : commandGroups())
        if (known.name == first) summary = known.summary;
      lines.emplace_back(isGroup(first) ? first + " …" : first, summary);
    }
    printColumns(lines, stream);
    fmt::print(stream,
               "\nexit codes: 0 done, 1 failed, 2 usage, 3 refused by a gate or by access, 4 not found, 5 verification "
               "failed, 6 approvals or evidence are missing (gate)\n");
    return;
  }
  fmt::print(stream, "{}\n\n",
             paint(fmt::format("usage: regesta {} COMMAND [arguments] [options]", group), Colour::bold, stream));
  Lines lines;
  for (const Command& command : allCommands())
    if (!command.hidden && command.path.starts_with(group + " ")) lines.emplace_back(command.path, command.summary);
  printColumns(lines, stream);
}

}  // namespace regesta::cli

#include "cli/arguments.h"

#include <CLI/CLI.hpp>

#include "base/text.h"

namespace regesta::cli {
namespace {

const std::string none;
const std::vector<std::string> nothing;

struct Target {
  std::string name;
  std::vector<std::string> values;
  bool isFlag = false;
  CLI::Option* option = nullptr;
};

std::string dashes(const Option& option) {
  std::string names = "--" + option.name;
  return option.letter ? fmt::format("{},-{}", names, option.letter) : names;
}

void declare(CLI::App& app, const Option& option, Target& target) {
  target.name = option.name;
  target.isFlag = option.value.empty();
  if (target.isFlag) {
    target.option = app.add_flag(dashes(option));
    return;
  }
  target.option = app.add_option(dashes(option), target.values)->allow_extra_args(false)->required(option.required);
  if (!option.many) target.option->expected(1);
}

/// Gives the words without dashes to the operands, in order.
void distribute(const Command& command, const std::vector<std::string>& words, Arguments& arguments) {
  std::size_t next = 0;
  for (const Operand& operand : command.operands) {
    if (next == words.size() && operand.required)
      throw UsageError(fmt::format("`{}` needs {}: {}", command.path, operand.name, operand.about));
    do {
      if (next < words.size()) arguments.add(operand.name, words[next++]);
    } while (operand.many && next < words.size());
  }
  if (next < words.size())
    throw UsageError(fmt::format("`{}` takes no further argument, but got \"{}\"", command.path, words[next]));
}

/// The nearest option to a mistyped one, as a half sentence.
std::string suggestion(const Command& command, std::string_view word) {
  std::string_view bare = word.substr(0, word.find('='));
  std::vector<std::string> known;
  for (const Option& option : command.options) known.push_back("--" + option.name);
  for (const Option& option : commonOptions()) known.push_back("--" + option.name);
  auto near = nearest(bare, known);
  return near ? fmt::format("; did you mean {}?", *near) : "";
}

[[noreturn]] void explain(const Command& command, const CLI::App& app, const CLI::ParseError& fault) {
  if (dynamic_cast<const CLI::ExtrasError*>(&fault)) {
    for (const std::string& word : app.remaining())
      if (word.starts_with("-"))
        throw UsageError(fmt::format("`{}` does not know {}{}", command.path, word, suggestion(command, word)));
  }
  if (dynamic_cast<const CLI::RequiredError*>(&fault)) {
    for (const Option& option : command.options)
      if (option.required && app.get_option("--" + option.name)->empty())
        throw UsageError(fmt::format("`{}` needs --{} {}: {}", command.path, option.name, option.value, option.about));
  }
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&fault)) {
    for (const Option& option : command.options)
      if (std::string_view(fault.what()).starts_with("--" + option.name + ":"))
        throw UsageError(fmt::format("--{} needs {}: {}", option.name, option.value, option.about));
  }
  throw UsageError(fmt::format("`{}`: {}", command.path, fault.what()));
}

}  // namespace

const std::string& Arguments::text(std::string_view name) const {
  auto found = values_.find(name);
  return found == values_.end() ? none : found->second.back();
}

std::optional<std::string> Arguments::maybe(std::string_view name) const {
  auto found = values_.find(name);
  return found == values_.end() ? std::nullopt : std::optional(found->second.back());
}

const std::vector<std::string>& Arguments::all(std::string_view name) const {
  auto found = values_.find(name);
  return found == values_.end() ? nothing : found->second;
}

std::optional<std::int64_t> Arguments::integer(std::string_view name) const {
  auto given = maybe(name);
  if (!given) return std::nullopt;
  auto number = parseInteger(*given);
  if (!number) throw UsageError(fmt::format("{} must be a whole number, not \"{}\"", name, *given));
  return number;
}

std::map<std::string, std::string> Arguments::pairs(std::string_view name) const {
  std::map<std::string, std::string> pairs;
  for (const std::string& word : all(name)) {
    auto equals = word.find('=');
    if (equals == std::string::npos || equals == 0)
      throw UsageError(fmt::format(
          "{} is written KEY=VALUE, not \"{}\"",
          fmt::format("{}{}", std::islower(static_cast<unsigned char>(name.front())) ? "--" : "", name), word));
    pairs[word.substr(0, equals)] = word.substr(equals + 1);
  }
  return pairs;
}

const std::vector<Option>& commonOptions() {
  static const std::vector<Option> options = {
      {"json", "", "print JSON instead of text"},
      {"url", "URL",
       "the server's URL (default: REGESTA_URL, then the URL stored by `regesta login`, then http://127.0.0.1:4600)"},
      {"workspace", "NAME", "the workspace (default: REGESTA_WORKSPACE, then \"default\")", 'w'},
      {"help", "", "show this text", 'h'},
  };
  return options;
}

Arguments parseArguments(const Command& command, const std::vector<std::string>& words) {
  CLI::App app;
  app.set_help_flag();
  std::deque<Target> targets;  // CLI11 keeps the address of each
  std::vector<std::string> plain;
  app.add_option("words", plain);
  for (const Option& option : command.options) declare(app, option, targets.emplace_back());
  for (const Option& option : commonOptions()) declare(app, option, targets.emplace_back());
  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::ParseError& fault) {
    explain(command, app, fault);
  }
  Arguments arguments;
  distribute(command, plain, arguments);
  for (const Target& target : targets) {
    if (target.isFlag && target.option->count() > 0) arguments.add(target.name, "true");
    for (const std::string& value : target.values) arguments.add(target.name, value);
  }
  return arguments;
}

}  // namespace regesta::cli

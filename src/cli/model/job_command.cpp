#include "cli/model/job_command.h"

#include "base/error.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/model/process.h"
#include "cli/session.h"
#include "cli/table.h"
#include "prompt/file/yaml.h"

namespace regesta::cli {
namespace {

constexpr std::size_t outputKept = 16 * 1024, reasonKept = 1500;

UsageError faultOf(const std::string& file, std::string_view what) {
  return UsageError(fmt::format("{}: {}", file, what));
}

JobCommand commandOf(const std::string& file, std::string_view name, const json::value& value) {
  if (!value.is_object()) throw faultOf(file, fmt::format("'{}' must have the member run", name));
  JobCommand command;
  for (const auto& member : value.get_object()) {
    std::string_view key = member.key();
    const json::value& given = member.value();
    if (key == "run" && given.is_array()) {
      for (const json::value& word : given.get_array()) {
        if (!word.is_string()) throw faultOf(file, fmt::format("'{}.run' must be a list of texts", name));
        command.run.emplace_back(word.get_string());
      }
    } else if (key == "directory" && given.is_string()) {
      command.directory = given.get_string();
    } else if (key == "minutes" && given.is_int64() && given.get_int64() > 0 && given.get_int64() <= 24 * 60) {
      command.longest = std::chrono::minutes(given.get_int64());
    } else if (key == "environment" && given.is_object()) {
      for (const auto& variable : given.get_object())
        command.environment[std::string(variable.key())] =
            variable.value().is_string() ? std::string(variable.value().get_string()) : writeJson(variable.value());
    } else {
      throw faultOf(
          file, fmt::format("'{}.{}' is not run, directory, minutes or environment, or has a wrong value", name, key));
    }
  }
  if (command.run.empty()) throw faultOf(file, fmt::format("'{}.run' must name a program", name));
  return command;
}

std::string tail(const std::string& text, std::size_t most) {
  if (text.size() <= most) return text;
  return "…" + text.substr(text.size() - most);
}

}  // namespace

JobCommands readJobCommands(const std::string& file) {
  JobCommands commands;
  try {
    json::value read = prompt::file::parseYaml(readInput(file));
    if (!read.is_object() || read.get_object().empty()) throw faultOf(file, "must name commands");
    for (const auto& member : read.get_object())
      commands[std::string(member.key())] = commandOf(file, member.key(), member.value());
  } catch (const prompt::file::YamlFault& fault) {
    throw faultOf(file, fmt::format("line {}: {}", fault.line, fault.message));
  }
  return commands;
}

json::object runJobCommand(const JobCommands& commands, std::int64_t job, const json::object& work,
                           const Connection& connection, const std::function<bool()>& stopped) {
  std::string name = member(work, "command");
  auto found = commands.find(name);
  if (found == commands.end()) throw error(Code::invalid, "this runner has no command '{}'", name);
  const JobCommand& command = found->second;
  std::string parameters = writeJson(work.at("parameters")), token = member(work, "token");
  ProcessOrder order{.command = command.run, .environment = {}, .input = parameters, .longest = command.longest};
  if (!command.directory.empty()) order.command.insert(order.command.begin(), {"env", "-C", command.directory, "--"});
  for (const auto& [key, value] : command.environment) order.environment.push_back(fmt::format("{}={}", key, value));
  for (const auto& [key, value] : {std::pair<std::string, std::string>{"REGESTA_PARAMETERS", parameters},
                                   {"REGESTA_JOB", std::to_string(job)},
                                   {"REGESTA_CAUSE", member(work, "subject")},
                                   {"REGESTA_URL", connection.url},
                                   {"REGESTA_WORKSPACE", connection.workspace},
                                   {"REGESTA_TOKEN", token},
                                   {"MLFLOW_TRACKING_URI", connection.url},
                                   {"MLFLOW_TRACKING_TOKEN", token}})
    if (!value.empty()) order.environment.push_back(fmt::format("{}={}", key, value));
  order.errorsInOutput = true;
  order.mostOutput = std::size_t{4} << 20;
  order.stopped = stopped;
  ProcessResult result = runProcess(order);
  if (result.code != 0)
    throw error(Code::invalid, "{} ended with exit code {}: {}", name, result.code,
                std::string(trim(tail(result.output, reasonKept))));
  return {{"command", name}, {"exit_code", result.code}, {"output", tail(result.output, outputKept)}};
}

}  // namespace regesta::cli

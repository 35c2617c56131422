#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "cli/credentials.h"

namespace regesta::cli {

/// A command that a runner may run for triggers. The server names it; everything else is the runner's configuration.
struct JobCommand {
  std::vector<std::string> run;  ///< program and arguments, no shell
  std::string directory;         ///< empty: the runner's
  std::chrono::seconds longest{3600};
  std::map<std::string, std::string> environment;
};
using JobCommands = std::map<std::string, JobCommand>;

/// Reads a YAML file: NAME: {run: [PROGRAM, ARGUMENT…], directory, minutes, environment: {NAME: VALUE}}. Throws
/// UsageError that names the member.
JobCommands readJobCommands(const std::string& file);

/// Runs the job's command. It gets the parameters as JSON in REGESTA_PARAMETERS and on stdin, the job and its cause in
/// REGESTA_JOB and REGESTA_CAUSE, and the server and the job's token as Regesta's and MLflow's clients read them.
/// Returns {"command","exit_code","output"}. Throws Error{invalid} if it ends with another code than 0, and
/// Error{unavailable} if it cannot be started, takes too long or is stopped.
json::object runJobCommand(const JobCommands& commands, std::int64_t job, const json::object& work,
                           const Connection& connection, const std::function<bool()>& stopped);

}  // namespace regesta::cli

#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "cli/command.h"
#include "cli/session.h"

namespace regesta::cli {

/// How models are run: in a process of their own, with limits. Here without the network, or wherever a launcher puts
/// it.
struct LocalExecution {
  std::string python;          ///< the interpreter: it needs the packages of the model, unless they are rebuilt
  bool rebuild = false;        ///< build the environment of the model's requirements.txt with `uv`
  bool network = false;        ///< allowed
  std::int64_t seconds = 600;  ///< of one model
  std::int64_t memoryBytes = std::int64_t{8} << 30;
  /// Put before the command, such as "srun --quiet": it runs the command elsewhere, and forwards stdin, stdout and the
  /// exit code. It isolates the model, or nothing does. Empty: the process runs here.
  std::vector<std::string> launcher;
  std::function<bool()> stopped;  ///< true: give up now
};
std::vector<Option> executionOptions();
LocalExecution executionOf(const Session& session);

struct Prediction {
  json::value output;
  std::string error;  ///< empty: there is an output
};
struct Predictions {
  json::object environment;  ///< python, machine, packages, differs; isolation
  std::vector<Prediction> rows;
};

/// The folder with the file MLmodel, in or below `folder`; nothing: it has no model that MLflow can load.
std::optional<std::filesystem::path> findMlflowModel(const std::filesystem::path& folder);

/// Runs an MLflow model on inputs: each {"inputs","parameters","seed"}. Throws Error{invalid} if it cannot be loaded,
/// returns too few rows or exceeds a limit; Error{unavailable} if it is stopped or Python is missing.
Predictions predict(const LocalExecution& execution, const std::filesystem::path& folder,
                    const std::vector<json::object>& inputs);

}  // namespace regesta::cli

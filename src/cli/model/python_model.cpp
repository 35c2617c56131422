#include "cli/model/python_model.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/text.h"
#include "cli/model/model_script.h"
#include "cli/model/process.h"

namespace regesta::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t mostOutput = std::size_t{256} << 20;
constexpr std::chrono::hours longestQueue{24};  // of a job engine, before the model runs

/// Whether bubblewrap works here: user namespaces may be off.
bool hasBubblewrap() {
  static const bool works = [] {
    try {
      return runProcess({.command = {"bwrap", "--ro-bind", "/", "/", "--unshare-all", "true"},
                         .environment = {},
                         .input = {},
                         .longest = std::chrono::seconds(10),
                         .stopped = {}})
                 .code == 0;
    } catch (const Error&) {
      return false;
    }
  }();
  return works;
}

/// The words of a launcher. {memory_mb}, {seconds} and {minutes} stand for the limits of the model.
std::vector<std::string> launcherOf(std::string_view text, const LocalExecution& execution) {
  const std::pair<std::string_view, std::int64_t> limits[] = {{"{memory_mb}", execution.memoryBytes >> 20},
                                                              {"{seconds}", execution.seconds},
                                                              {"{minutes}", (execution.seconds + 59) / 60}};
  std::vector<std::string> words;
  for (std::string_view part : split(text, ' ')) {
    if (part.empty()) continue;
    std::string word(part);
    for (const auto& [name, limit] : limits)
      for (std::size_t at; (at = word.find(name)) != std::string::npos;)
        word.replace(at, name.size(), std::to_string(limit));
    words.push_back(std::move(word));
  }
  return words;
}

/// What a launcher needs to find its engine. Nothing else is passed on: a launcher may pass it on to the model.
std::vector<std::string> engineVariables() {
  std::vector<std::string> variables;
  for (const char* name : {"SLURM_CONF", "KUBECONFIG", "RAY_ADDRESS", "RAY_AUTH_TOKEN", "USER", "LOGNAME", "TMPDIR"})
    if (const char* value = std::getenv(name)) variables.push_back(fmt::format("{}={}", name, value));
  return variables;
}

std::vector<std::string> commandOf(const LocalExecution& execution, const fs::path& folder, bool sandbox) {
  std::vector<std::string> command = execution.launcher;
  if (!command.empty())
    for (std::string word : {std::string("timeout"), std::string("--kill-after=10"), std::to_string(execution.seconds)})
      command.push_back(std::move(word));
  if (sandbox) {
    command = {"bwrap",        "--ro-bind", "/",    "/",         "--dev",         "/dev",          "--proc",
               "/proc",        "--tmpfs",   "/tmp", "--ro-bind", folder.string(), folder.string(), "--die-with-parent",
               "--unshare-all"};
    if (execution.network) command.emplace_back("--share-net");
  }
  if (execution.rebuild)
    for (const char* word : {"uv", "run", "--no-project", "--isolated", "--quiet", "--with-requirements"})
      command.emplace_back(word);
  if (execution.rebuild) {
    command.push_back((folder / "requirements.txt").string());
    command.emplace_back("--python");
    command.push_back(execution.python);
    command.emplace_back("python");
  } else {
    command.push_back(execution.python);
  }
  for (const std::string& word : {std::string("-c"), std::string(modelScript), folder.string(),
                                  std::to_string(execution.memoryBytes), std::to_string(execution.seconds)})
    command.push_back(word);
  return command;
}

/// The last lines that a program printed, for an error.
std::string lastWords(const ProcessResult& result) {
  std::string_view text = trim(result.errors);
  constexpr std::size_t most = 600;
  return std::string(text.size() > most ? text.substr(text.size() - most) : text);
}

}  // namespace

std::vector<Option> executionOptions() {
  return {
      {"python", "FILE", "Python that runs models, with mlflow (default: python3, or REGESTA_PYTHON)"},
      {"rebuild-environment", "", "build the environment of the model's requirements.txt with uv"},
      {"allow-network", "", "let models use the network"},
      {"model-seconds", "N", "CPU and wall time of one model (default 600)"},
      {"model-memory-mb", "N", "address space of one model (default 8192)"},
      {"launcher", "COMMAND", "run models through a job engine: 'srun --quiet --mem={memory_mb}M --time={minutes}'"}};
}

LocalExecution executionOf(const Session& session) {
  const Arguments& args = session.args;
  LocalExecution execution;
  const char* python = std::getenv("REGESTA_PYTHON");
  execution.python = args.has("python") ? args.text("python") : python ? python : "python3";
  execution.rebuild = args.flag("rebuild-environment");
  execution.network = args.flag("allow-network");
  execution.seconds = std::clamp<std::int64_t>(args.integer("model-seconds").value_or(600), 1, 86'400);
  execution.memoryBytes = std::clamp<std::int64_t>(args.integer("model-memory-mb").value_or(8192), 64, 1 << 22) << 20;
  execution.launcher = launcherOf(args.text("launcher"), execution);
  return execution;
}

std::optional<fs::path> findMlflowModel(const fs::path& folder) {
  if (fs::exists(folder / "MLmodel")) return folder;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder))
    if (entry.path().filename() == "MLmodel") return entry.path().parent_path();
  return std::nullopt;
}

Predictions predict(const LocalExecution& execution, const fs::path& folder, const std::vector<json::object>& inputs) {
  std::string lines;
  for (const json::object& one : inputs) lines += writeJson(one) + "\n";
  // Building an environment downloads packages.
  bool launched = !execution.launcher.empty();
  bool sandbox = !launched && !execution.rebuild && hasBubblewrap();
  std::vector<std::string> environment = {"PYTHONDONTWRITEBYTECODE=1", "MLFLOW_TRACKING_URI=file:///dev/null",
                                          "GIT_PYTHON_REFRESH=quiet", "PYTHONHASHSEED=0"};
  if (launched)
    for (std::string& variable : engineVariables()) environment.push_back(std::move(variable));
  ProcessResult result = runProcess(
      {.command = commandOf(execution, folder, sandbox),
       .environment = std::move(environment),
       .input = lines,
       .longest = std::chrono::seconds(execution.seconds) + (launched ? longestQueue : std::chrono::hours(0)),
       .mostOutput = mostOutput,
       .stopped = execution.stopped,
       .grace = std::chrono::seconds(launched ? 15 : 0)});
  Predictions predictions;
  bool began = false;
  for (std::string_view line : split(result.output, '\n')) {
    if (line.empty()) continue;
    json::value value = parseJson(line);
    json::object& object = value.as_object();
    if (object.contains("fatal")) throw error(Code::invalid, "the model cannot be run: {}", member(object, "fatal"));
    if (json::value* environment = object.if_contains("environment")) {
      predictions.environment = std::move(environment->as_object());
      began = true;
    } else if (json::value* output = object.if_contains("output")) {
      predictions.rows.push_back({std::move(*output), ""});
    } else {
      predictions.rows.push_back({nullptr, shorten(member(object, "error"), 1000)});
    }
  }
  if (result.cut) throw error(Code::invalid, "the model printed more than {} MB", mostOutput >> 20);
  if (!began || predictions.rows.size() != inputs.size())
    throw error(Code::invalid, "the model ended with code {} after {} of {} rows: {}", result.code,
                predictions.rows.size(), inputs.size(), lastWords(result));
  predictions.environment["isolation"] = launched ? execution.launcher.front() : sandbox ? "bubblewrap" : "process";
  return predictions;
}

}  // namespace regesta::cli

#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "policy/report.h"
#include "policy/verdict.h"

namespace regesta::policy {

/// One Rego file. `name` is used in messages ("gate.rego").
struct Module {
  std::string name;
  std::string text;
};

/// The package whose sets `deny`, `warn` and `require` form a gate policy.
inline constexpr std::string_view gatePackage = "data.regesta.gate";

struct Options {
  int workers = 2;
  std::size_t memoryBytes = 512 * 1024 * 1024;  ///< address space of one worker
  int cpuSeconds = 2;                           ///< CPU time of one request
  int wallMillis = 5000;                        ///< wall time of one request, without waiting for a worker
  int queueMillis = 20'000;                     ///< wall time of waiting for a worker
  std::string program = "/proc/self/exe";       ///< started as `program policy-worker`; must call workerMain()
};

/// Runs users' policies and templates in a pool of worker processes with hard limits. A worker that crashes, hangs or
/// exceeds its memory is killed and replaced; the caller gets the reason. What is too expensive is known by processor
/// time. Every function throws Error{unavailable} if no worker could be had, or its worker got too little of the
/// processors: the same request may succeed later. Thread-safe; blocks until done.
class Engine {
 public:
  explicit Engine(Options options = {});
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Evaluates data.regesta.gate.{deny,warn,require} over `inputJson`. Deterministic: time.now_ns() is `nowNanos`,
  /// random numbers are seeded from the input, there is no network. Does not throw for an invalid policy or
  /// input: a policy that cannot be evaluated returns a Verdict with an error, which counts as a deny.
  Verdict decide(const std::vector<Module>& modules, std::string_view inputJson, std::int64_t nowNanos);

  /// Static checks of the modules: parse errors (file, row, column), unknown functions, unsafe variables, recursion, a
  /// missing gate package, members of `input` that do not exist, and features that only a real OPA has. Hostile text
  /// gets a report with one error.
  CheckReport check(const std::vector<Module>& modules);

  /// Runs every rule test_* whose "package.name" contains `filter` (a glob when it has a '*'; empty: all). todo_* are
  /// reported as skipped. A test passes only when its value is exactly true.
  TestReport test(const std::vector<Module>& modules, std::string_view filter = {});

  /// Evaluates a query ("data.regesta.gate.deny", "x := input.a + 1"). Absence of a result is `defined == false`.
  EvalResult eval(const std::vector<Module>& modules, std::string_view query, std::string_view inputJson,
                  std::string_view dataJson = "{}");

  /// Renders a Jinja2 template over a JSON object. Throws Error{invalid} for a faulty template (with its line), a
  /// missing variable where `strict`, or one that exceeds the limits.
  std::string render(std::string_view templateText, std::string_view contextJson, bool strict = false);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The worker's side: serves requests on file descriptor 3 until it closes, under the limits of its arguments. Call it
/// first in main() when argv[1] is "policy-worker"; returns the exit code.
int workerMain(int argc, char** argv);

}  // namespace regesta::policy

#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "policy/report.h"
#include "policy/verdict.h"

namespace regesta::policy {

/// One Rego file. `name` is what messages call it ("gate.rego").
struct Module {
  std::string name;
  std::string text;
};

/// The package whose sets `deny`, `warn` and `require` make a gate.
inline constexpr std::string_view gatePackage = "data.regesta.gate";

struct Options {
  int workers = 2;
  std::size_t memoryBytes = 512 * 1024 * 1024;  ///< address space of one worker
  int cpuSeconds = 2;                           ///< CPU time of one request
  int wallMillis = 3000;                        ///< wall clock of one request, waiting for a worker not included
  std::string program = "/proc/self/exe";       ///< started as `program policy-worker`; must call workerMain()
};

/// Runs what users write (policies, templates) in a pool of worker processes with hard limits. A worker that crashes,
/// hangs or grows is killed and replaced; the caller is told why. Thread-safe; blocks until the answer is there.
class Engine {
 public:
  explicit Engine(Options options = {});
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Evaluates data.regesta.gate.{deny,warn,require} over `inputJson`. Deterministic: time.now_ns() is `nowNanos`,
  /// random numbers are seeded from the input, there is no network. Never throws for what the policy or input does: a
  /// policy that cannot be evaluated is a Verdict with an error, which counts as a deny.
  Verdict decide(const std::vector<Module>& modules, std::string_view inputJson, std::int64_t nowNanos);

  /// Everything that can be said about the modules without running them: what does not parse (file, row, column),
  /// unknown functions, unsafe variables, recursion, a missing gate package, members of `input` that no request has,
  /// and what only a real OPA can run. Hostile text gets a report too, with one error that says what it did.
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

  /// Workers that died or were killed since the start; for tests; the metric counts those of all engines.
  std::uint64_t workersLost() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The worker's side: serves requests on file descriptor 3 until it closes, under the limits of its arguments. Call it
/// first in main() when argv[1] is "policy-worker"; returns the exit code.
int workerMain(int argc, char** argv);

}  // namespace regesta::policy

#include <filesystem>

#include "cli/commands.h"
#include "cli/policy_files.h"
#include "cli/session.h"
#include "policy/report.h"

namespace regesta::cli {

std::vector<policy::Module> readModules(const std::vector<std::string>& paths) {
  namespace fs = std::filesystem;
  std::vector<policy::Module> modules;
  for (const std::string& path : paths) {
    if (!fs::is_directory(path)) {
      modules.push_back({path, readInput(path)});
      continue;
    }
    std::vector<std::string> found;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(path))
      if (entry.is_regular_file() && entry.path().extension() == ".rego") found.push_back(entry.path().string());
    if (found.empty()) throw error(Code::notFound, "the folder {} holds no .rego files", path);
    std::ranges::sort(found);
    for (const std::string& file : found) modules.push_back({file, readInput(file)});
  }
  return modules;
}

namespace {

int test(Session& session) {
  policy::Engine engine;
  policy::TestReport report = engine.test(readModules(session.args.all("FILE")), session.args.text("run"));
  bool ran = !report.cases.empty();
  if (session.json())
    printJson(policy::toJson(report));
  else
    fmt::print("{}",
               policy::toText(report, isTerminal(stdout), session.args.flag("verbose"), session.args.flag("coverage")));
  if (!ran && report.error.empty() && !session.json())
    fmt::print(stderr, "no rule is called test_…{}\n", session.args.has("run") ? " and matches --run" : "");
  auto threshold = session.args.integer("threshold");
  if (threshold && report.percent() < static_cast<double>(*threshold)) {
    fmt::print(stderr, "coverage is {:.1f} %, below the {} % asked for\n", report.percent(), *threshold);
    return Exit::failed;
  }
  return report.ok() && ran ? Exit::done : Exit::failed;
}

int check(Session& session) {
  policy::Engine engine;
  policy::CheckReport report = engine.check(readModules(session.args.all("FILE")));
  if (session.json())
    printJson(policy::toJson(report));
  else if (report.problems.empty())
    fmt::print("{}\n", paint("no findings", Colour::green));
  else
    fmt::print("{}", policy::toText(report, isTerminal(stdout)));
  return report.ok() ? Exit::done : Exit::failed;
}

/// What a policy says about an input document, without a server.
int evalLocal(Session& session) {
  policy::Engine engine;
  std::string query = session.args.has("query") ? session.args.text("query") : std::string(policy::gatePackage);
  std::string input = session.args.has("input") ? readInput(session.args.text("input")) : "{}";
  std::string data = session.args.has("data") ? readInput(session.args.text("data")) : "{}";
  policy::EvalResult result = engine.eval(readModules(session.args.all("FILE")), query, input, data);
  for (const std::string& line : result.prints) fmt::print(stderr, "{}\n", printable(line));
  if (!result.error.empty()) throw error(Code::invalid, "{}", result.error);
  if (session.json())
    printJson(json::object{{"defined", result.defined}, {"value", result.value}, {"nanos", result.nanos}});
  else if (result.defined)
    printJson(result.value);
  else
    fmt::print("undefined\n");
  return Exit::done;
}

}  // namespace

Commands policyTestCommands() {
  Operand files = {"FILE", ".rego files, or folders of them", true, true};
  return {
      {.path = "policy test",
       .summary = "run the test_… rules of policies, without a server",
       .operands = {files},
       .options = {{"run", "TEXT", "only tests whose package.name contains it, or matches it when it has a *"},
                   {"coverage", "", "also show which lines no test reached"},
                   {"threshold", "PERCENT", "fail below this coverage"},
                   {"verbose", "", "name the tests that passed, too", 'v'}},
       .examples = {"regesta policy test examples/loan",
                    "regesta policy test gate.rego gate_test.rego --coverage --threshold 90"},
       .run = test},
      {.path = "policy check",
       .summary = "find mistakes in policies without running them",
       .operands = {files},
       .examples = {"regesta policy check examples/loan/gate.rego"},
       .run = check,
       .more = "Finds what does not parse, unknown functions, and members of input that no request has."},
      {.path = "policy eval",
       .summary = "evaluate a query over an input document, without a server",
       .operands = {files},
       .options = {{"input", "FILE", "the input document, JSON (- for stdin)", 'i'},
                   {"data", "FILE", "the data document, JSON"},
                   {"query", "TEXT", "what to evaluate (default data.regesta.gate)", 'q'}},
       .examples = {"regesta policy eval gate.rego --input decision.json",
                    "regesta policy eval gate.rego -q data.regesta.gate.deny -i input.json"},
       .run = evalLocal,
       .more = "`regesta promote NAME@VERSION --dry-run` asks the server what its gate would say of a real version."},
  };
}

}  // namespace regesta::cli

#include <filesystem>
#include <map>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/policy_files.h"
#include "cli/session.h"
#include "policy/report.h"

namespace regesta::cli {
namespace {

/// The package that a file declares; empty: none.
std::string_view packageOf(std::string_view text) {
  for (std::string_view line : split(text, '\n')) {
    line = trim(line);
    if (line.empty() || line.starts_with('#')) continue;
    if (!line.starts_with("package ")) return {};
    line.remove_prefix(8);
    return trim(line.substr(0, line.find('#')));
  }
  return {};
}

/// A folder holds one policy. Two with the same package would become one that nobody wrote.
void requireOwnPackages(const std::vector<std::pair<std::string, std::vector<policy::Module>>>& folders) {
  std::map<std::string_view, std::string_view> owners;
  for (const auto& [folder, modules] : folders)
    for (const policy::Module& module : modules) {
      std::string_view package = packageOf(module.text);
      if (package.empty() || module.name.ends_with("_test.rego")) continue;
      auto known = owners.emplace(package, folder).first;
      if (known->second != folder)
        throw error(
            Code::invalid,
            "the folders {} and {} both have the package {}, so they are two policies; name one folder at a time",
            known->second, folder, package);
    }
}

}  // namespace

std::vector<policy::Module> readModules(const std::vector<std::string>& paths) {
  namespace fs = std::filesystem;
  std::vector<policy::Module> modules;
  std::vector<std::pair<std::string, std::vector<policy::Module>>> folders;
  for (const std::string& path : paths) {
    if (!fs::is_directory(path)) {
      modules.push_back({path, readInput(path)});
      continue;
    }
    std::vector<std::string> found;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(path))
      if (entry.is_regular_file() && entry.path().extension() == ".rego") found.push_back(entry.path().string());
    if (found.empty()) throw error(Code::notFound, "the folder {} has no .rego files", path);
    std::ranges::sort(found);
    auto& inside = folders.emplace_back(path, std::vector<policy::Module>()).second;
    for (const std::string& file : found) inside.push_back({file, readInput(file)});
    modules.insert(modules.end(), inside.begin(), inside.end());
  }
  requireOwnPackages(folders);
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
    fmt::print(stderr, "coverage is {:.1f} %, below the required {} %\n", report.percent(), *threshold);
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
  Operand files = {"FILE", ".rego files, or folders of one policy each", true, true};
  return {
      {.path = "policy test",
       .summary = "run the test_… rules of policies, without a server",
       .operands = {files},
       .options = {{"run", "TEXT", "run only tests whose package.name contains TEXT, or matches it if it has a *"},
                   {"coverage", "", "also show the lines that no test reached"},
                   {"threshold", "PERCENT", "fail below this coverage"},
                   {"verbose", "", "also list passed tests", 'v'}},
       .examples = {"regesta policy test examples/loan",
                    "regesta policy test gate.rego gate_test.rego --coverage --threshold 90"},
       .run = test},
      {.path = "policy check",
       .summary = "check policies without running them",
       .operands = {files},
       .examples = {"regesta policy check examples/loan/gate.rego"},
       .run = check,
       .more = "Finds syntax errors, unknown functions, and unknown members of input."},
      {.path = "policy eval",
       .summary = "evaluate a query over an input document, without a server",
       .operands = {files},
       .options = {{"input", "FILE", "the input document, JSON (- for stdin)", 'i'},
                   {"data", "FILE", "the data document, JSON"},
                   {"query", "TEXT", "the query (default data.regesta.gate)", 'q'}},
       .examples = {"regesta policy eval gate.rego --input decision.json",
                    "regesta policy eval gate.rego -q data.regesta.gate.deny -i input.json"},
       .run = evalLocal,
       .more = "`regesta promote NAME@VERSION --dry-run` previews the gate's decision about a registered version."},
  };
}

}  // namespace regesta::cli

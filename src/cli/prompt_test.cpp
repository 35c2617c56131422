// regesta prompt test: a prompt's test cases against a model, here and now, before anything is stored.
#include <filesystem>
#include <fstream>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/model/local_prompt.h"
#include "cli/model/options.h"
#include "cli/model/suite_run.h"
#include "cli/stop_signals.h"
#include "prompt/patterns.h"

namespace regesta::cli {
namespace {

/// One prompt to be tested: of a folder, or of the server.
struct Subject {
  std::string title;
  evaluation::check::Suite suite;
  ModelSettings settings;
  std::function<Render()> makeRender;
};

evaluation::check::Suite suiteFrom(const std::string& file) {
  try {
    return evaluation::check::parseSuite(readYamlFile(file), prompt::patternSearch());
  } catch (const Invalid& fault) {
    throw error(Code::invalid, "{}: {} {}", file, fault.field, fault.rule);
  }
}

Subject storedPrompt(Session& session) {
  Reference ref = session.reference("PROMPT", "prompt", Takes::version);
  std::string selector = ref.selector.empty() ? "latest" : ref.selector;
  json::value found = session.api().get(route({"prompts", ref.name, "versions", selector}));
  const json::object& version = found.as_object();
  Subject subject;
  std::int64_t number = version.at("version").to_number<std::int64_t>();
  subject.title = fmt::format("prompt/{}@{}", ref.name, number);
  subject.settings.modelConfig = valueOrNull(version, "model_config");
  subject.settings.responseFormat = valueOrNull(version, "response_format");
  if (json::value tools = valueOrNull(version, "tools"); tools.is_array()) subject.settings.tools = tools.get_array();
  if (session.args.has("tests")) {
    subject.suite = suiteFrom(session.args.text("tests"));
  } else {
    json::value stored = session.api().get(route({"prompts", ref.name, "tests"}));
    subject.suite = evaluation::check::readSuite(writeJson(json::object{{"tests", stored.as_object().at("tests")}}));
  }
  Connection connection = session.api().connection();
  subject.makeRender = [connection, name = ref.name, number]() -> Render {
    auto api = std::make_shared<Api>(connection);
    return [api, name, number](const json::object& vars) { return renderedBy(*api, name, number, vars); };
  };
  return subject;
}

Subject localPrompt(const Session& session, const TestedPrompt& local, policy::Engine& engine) {
  Subject subject;
  subject.title = local.title;
  subject.suite = suiteFrom(session.args.has("tests") ? session.args.text("tests") : local.testsFile);
  subject.settings = {local.prompt.modelConfig, local.prompt.responseFormat, local.prompt.tools};
  subject.makeRender = [prompt = local.prompt, &engine]() -> Render {
    return [prompt, &engine](const json::object& vars) { return renderedHere(prompt, vars, engine); };
  };
  return subject;
}

std::vector<Subject> subjectsOf(Session& session, policy::Engine& engine) {
  std::string what = session.args.text("PROMPT");
  if (!std::filesystem::exists(what)) return {storedPrompt(session)};
  std::vector<Subject> subjects;
  for (const TestedPrompt& local : testedPrompts(what, session.args.has("tests")))
    subjects.push_back(localPrompt(session, local, engine));
  return subjects;
}

void printCase(const evaluation::check::CaseResult& result, std::size_t number) {
  std::string title = result.description.empty() ? fmt::format("case {}", number) : result.description;
  fmt::print("  {} {}\n", paint("failed", Colour::red), paint(title, Colour::bold));
  if (!result.error.empty()) fmt::print("    {}\n", printable(result.error));
  for (const evaluation::check::Finding& finding : result.findings)
    if (!finding.pass && !finding.unchecked)
      fmt::print("    {}{}: {}\n", printable(finding.type), finding.weight == 0 ? " (does not count)" : "",
                 printable(finding.reason));
  if (!result.findings.empty())
    fmt::print("    {} {}\n", paint("output:", Colour::dim), printable(shorten(result.output.text, 300)));
}

void printResult(const Subject& subject, const evaluation::check::SuiteResult& result,
                 const evaluation::check::Tally& sums) {
  bool good = sums.failed == 0;
  fmt::print("{} {}: {} of {} passed by {}, score {:.2f}, {:.1f} s\n",
             paint(good ? "ok" : "failed", good ? Colour::green : Colour::red), paint(subject.title, Colour::bold),
             sums.passed, sums.total, printable(result.model), sums.score,
             static_cast<double>(result.durationMillis) / 1000);
  for (std::size_t i = 0; i < result.cases.size(); ++i)
    if (!result.cases[i].pass) printCase(result.cases[i], i + 1);
  for (const auto& [name, mean] : sums.metrics) fmt::print("  {} {:.3f}\n", printable(name), mean);
}

double leastRate(const Arguments& args) {
  if (!args.has("min-pass-rate")) return 1;
  auto rate = parseDouble(args.text("min-pass-rate"));
  if (!rate || *rate < 0 || *rate > 1) throw UsageError("--min-pass-rate must be from 0 to 1");
  return *rate;
}

int test(Session& session) {
  constexpr std::size_t outputLimit = 64 * 1024;
  double rate = leastRate(session.args);
  StopSignals signals;
  policy::Engine engine;
  EndpointOptions endpoint = endpointOf(session);
  endpoint.stopped = [&] { return signals.stopped(); };
  json::array shown;
  std::string junit;
  bool good = true;
  for (const Subject& subject : subjectsOf(session, engine)) {
    if (subject.suite.tests.empty()) throw error(Code::notFound, "{} has no tests", subject.title);
    evaluation::check::SuiteResult result = runSuite({.suite = subject.suite,
                                                      .settings = subject.settings,
                                                      .makeRender = subject.makeRender,
                                                      .endpoint = endpoint,
                                                      .concurrency = concurrencyOf(session),
                                                      .commands = session.args.flag("allow-commands"),
                                                      .progress = {}});
    evaluation::check::Tally sums = evaluation::check::tally(result.cases);
    good = good && sums.passRate >= rate;
    if (!session.json()) printResult(subject, result, sums);
    junit += evaluation::check::junitSuite(result, subject.title);
    json::object one = evaluation::check::toJson(result, outputLimit);
    one["prompt"] = subject.title;
    for (const auto& member : evaluation::check::tallyJson(sums)) one[member.key()] = member.value();
    shown.emplace_back(std::move(one));
  }
  if (session.json()) printJson(json::object{{"ok", good}, {"prompts", std::move(shown)}});
  if (session.args.has("junit")) {
    std::ofstream out(session.args.text("junit"), std::ios::binary);
    out << evaluation::check::junitDocument(junit);
    if (!out.flush()) throw error(Code::unavailable, "{} cannot be written", session.args.text("junit"));
  }
  return good ? Exit::done : Exit::failed;
}

int setTests(Session& session) {
  Reference ref = session.reference("NAME", "prompt");
  evaluation::check::Suite suite = suiteFrom(session.args.text("FILE"));
  json::value tests = parseJson(evaluation::check::canonicalSuite(suite)).as_object().at("tests");
  json::value set = session.api().put(route({"prompts", ref.name, "tests"}), json::object{{"tests", std::move(tests)}});
  return session.said(set, fmt::format("prompt/{} has {} test cases (suite {})", ref.name,
                                       member(set.as_object(), "cases"), member(set.as_object(), "number")));
}

int showTests(Session& session) {
  Reference ref = session.reference("NAME", "prompt");
  json::value found = session.api().get(route({"prompts", ref.name, "tests"}));
  return session.show(found, [](const json::object& suite) {
    printFields({{"suite", member(suite, "number")},
                 {"digest", member(suite, "digest")},
                 {"cases", member(suite, "cases")},
                 {"set by", member(suite, "created_by")},
                 {"at", shortTime(member(suite, "created_at"))}});
    fmt::print("\n");
    printJson(suite.at("tests"));
  });
}

int runTests(Session& session) {
  Reference ref = session.version("VERSION", "prompt");
  json::value job = session.api().post(route({"prompts", ref.name, "versions", ref.selector, "tests"}));
  return session.said(job, fmt::format("job {} waits for a runner", member(job.as_object(), "id")));
}

}  // namespace

Commands promptTestCommands() {
  std::vector<Option> options = modelOptions();
  options.push_back({"tests", "FILE", "use these cases instead of the prompt's (promptfoo's YAML or JSON)"});
  options.push_back({"min-pass-rate", "RATE", "fail below this share of passed cases (default 1)"});
  options.push_back({"junit", "FILE", "also write a JUnit report"});
  Operand name = {"NAME", "the prompt's name"};
  return {
      {.path = "prompt test",
       .summary = "run a prompt's test cases against a model, from a folder or from the server",
       .operands = {{"PROMPT", "a folder or prompt file, or NAME[@VERSION] on the server"}},
       .options = options,
       .examples = {"regesta prompt test prompts/loan-summary --model-url http://127.0.0.1:8000/v1",
                    "regesta prompt test loan-summary@latest --model-url https://api.openai.com/v1 --junit report.xml"},
       .run = test,
       .more = "Exit code 1 if a case fails. Stores nothing; `regesta runner` creates evidence."},
      {.path = "prompt tests set",
       .summary = "store a prompt's test cases and enqueue them for its newest version",
       .operands = {name, {"FILE", "tests.yaml: promptfoo's tests, - for stdin"}},
       .examples = {"regesta prompt tests set loan-summary prompts/loan-summary/tests.yaml"},
       .run = setTests},
      {.path = "prompt tests show",
       .summary = "print a prompt's test cases",
       .operands = {name},
       .examples = {"regesta prompt tests show loan-summary"},
       .run = showTests},
      {.path = "prompt tests run",
       .summary = "enqueue the tests of a version for a runner",
       .operands = {{"VERSION", "NAME@VERSION"}},
       .examples = {"regesta prompt tests run loan-summary@1.4.0"},
       .run = runTests},
  };
}

}  // namespace regesta::cli

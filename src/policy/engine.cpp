#include "policy/engine.h"

#include <regesta_native.h>

#include <optional>
#include <unordered_map>

#include "base/encoding.h"
#include "base/error.h"
#include "base/limits_work.h"
#include "base/sync.h"
#include "base/time.h"
#include "base/work.h"
#include "policy/answer.h"
#include "policy/pool.h"
#include "policy/pregate.h"
#include "policy/schema.h"

namespace regesta::policy {
namespace {

constexpr int testRunMillis = 10'000;         // one test_* rule may do more than a gate
constexpr std::int64_t renderFuel = 200'000;  // ends in well under 100 ms
constexpr int renderDepth = 200;
constexpr int trialNiceness = 5;  // where processors are short, gates come first

/// The time limit that the engine keeps itself: below what kills the worker, so that the message is the better one.
std::int64_t engineMillis(const Options& options, int wallMillis) {
  return std::max<std::int64_t>(1, std::min<std::int64_t>(wallMillis * 8LL / 10, options.cpuSeconds * 900LL));
}

/// The limit that the engine keeps is one of wall time. If the worker had the processor for less than most of `millis`,
/// the machine was busy and the policy need not be expensive.
bool ranOutOfTurn(const Answer& answer, const Reply& reply, std::int64_t millis) {
  return answer.problem.code == "timeout" && reply.cpuMillis < millis * 7 / 10;
}

/// By which a worker and the server know a policy again.
std::string digestOf(const std::vector<Module>& modules, std::string_view dataJson) {
  std::string text;
  auto add = [&](std::string_view part) { fmt::format_to(std::back_inserter(text), "{}:{}", part.size(), part); };
  for (const Module& module : modules) {
    add(module.name);
    add(module.text);
  }
  add(dataJson);
  std::array<std::uint8_t, 32> hash{};
  regesta_blake3(nullptr, reinterpret_cast<const std::uint8_t*>(text.data()), text.size(), hash.data());
  return hexEncode({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

/// What one request is about.
struct Policy {
  explicit Policy(const std::vector<Module>& from, std::string_view dataJson = "{}")
      : modules(from), data(dataJson), digest(digestOf(from, dataJson)) {}
  const std::vector<Module>& modules;
  std::string_view data;  ///< JSON
  std::string digest;
};

void writeModules(JsonWriter& w, const std::vector<Module>& modules) {
  w.key("modules").array();
  for (const auto& module : modules) w.object().key("name").text(module.name).key("text").text(module.text).end();
  w.end();
}

std::string loadBody(const Policy& policy) {
  std::string body;
  JsonWriter w(body);
  writeModules(w.object(), policy.modules);
  w.key("data").raw(policy.data).key("strict").boolean(true).end();
  return body;
}

}  // namespace

struct Engine::State {
  explicit State(const Options& options)
      : gates(options, 0, limits::requestsWaiting), trials(options, trialNiceness, limits::trialsWaiting) {}
  /// Trials (Lane::trial and Lane::scan) have separate workers, so a gate never waits for them. A trial
  /// that finds too many of its caller before it throws Error{exhausted}; one whose caller has gone ends.
  Pool& pool() { return currentWork().lane == Lane::ordinary ? gates : trials; }

  /// tooComplex(), which reads the whole text: once for each policy.
  std::optional<Problem> tooComplexFor(const Policy& policy) {
    {
      auto known = complexity_.lock();
      if (auto found = known->find(policy.digest); found != known->end()) return found->second;
    }
    auto problem = tooComplex(policy.modules);
    auto known = complexity_.lock();
    if (known->size() >= mostKnown) known->clear();
    known->emplace(policy.digest, problem);
    return problem;
  }

  /// One request about a policy; the worker is given the policy first when it does not have it.
  Answer ask(json::object head, std::string_view body, const Policy& policy, int wallMillis) {
    head["policy"] = policy.digest;
    std::int64_t millis = engineMillis(gates.options(), wallMillis);
    // The second time it may take as long as the worker may: the limit of processor time is enough.
    for (std::int64_t limit : {millis, std::max<std::int64_t>(millis, wallMillis * 8LL / 10)}) {
      head["millis"] = limit;
      Reply reply = askLoaded(json::serialize(head), body, policy, wallMillis);
      Answer answer = readAnswer(reply);
      if (!ranOutOfTurn(answer, reply, millis)) return answer;
    }
    throw error(Code::unavailable, "the policy was not evaluated: the machine is too busy; try again");
  }

  Reply askLoaded(std::string_view headText, std::string_view body, const Policy& policy, int wallMillis) {
    return pool().with([&](Worker& worker) {
      auto reply = worker.ask(headText, body, wallMillis);
      if (!reply.lost.empty() || reply.status != REGESTA_UNKNOWN) return reply;
      auto loaded = worker.ask(json::serialize(json::object{{"do", "load"}, {"policy", policy.digest}}),
                               loadBody(policy), wallMillis);
      if (!loaded.lost.empty() || loaded.status != REGESTA_OK) return loaded;
      return worker.ask(headText, body, wallMillis);
    });
  }

  Answer askAlone(const json::object& head, std::string_view body) {
    return readAnswer(pool().with(
        [&](Worker& worker) { return worker.ask(json::serialize(head), body, gates.options().wallMillis); }));
  }

  Pool gates, trials;

 private:
  static constexpr std::size_t mostKnown = 1000;
  Sync<std::unordered_map<std::string, std::optional<Problem>>> complexity_;  // by digest
};

Engine::Engine(Options options) : state_(std::make_unique<State>(std::move(options))) {}
Engine::~Engine() = default;

Verdict Engine::decide(const std::vector<Module>& modules, std::string_view inputJson, std::int64_t nowNanos) {
  Policy policy(modules);
  if (auto problem = state_->tooComplexFor(policy)) return {.error = describe(*problem)};
  auto answer =
      state_->ask({{"do", "decide"}, {"now", nowNanos}}, inputJson, policy, state_->gates.options().wallMillis);
  if (!answer.ok()) return {.error = describe(answer)};
  return readVerdict(answer.value);
}

CheckReport Engine::check(const std::vector<Module>& modules) {
  CheckReport report;
  for (const auto& module : modules)
    if (auto problem = tooComplex(module)) report.problems.push_back(std::move(*problem));
  if (report.problems.empty())
    if (auto problem = tooComplex(modules)) report.problems.push_back(std::move(*problem));
  if (!report.problems.empty()) return report;
  std::string body;
  JsonWriter w(body);
  writeModules(w.object(), modules);
  w.key("inputs").array();
  for (auto path : inputPaths()) w.text(path);
  w.end().key("opa_builtins").array();
  for (auto name : opaOnlyFunctions()) w.text(name);
  w.end().end();
  auto answer = state_->askAlone({{"do", "check"}}, body);
  if (!answer.ok()) {
    report.problems.push_back(answer.problem);
    return report;
  }
  return readCheckReport(answer.value);
}

TestReport Engine::test(const std::vector<Module>& modules, std::string_view filter) {
  TestReport report;
  Policy policy(modules);
  if (auto problem = state_->tooComplexFor(policy)) return {.error = describe(*problem)};
  auto listed = state_->ask({{"do", "tests"}}, {}, policy, testRunMillis);
  if (!listed.ok()) return {.error = describe(listed)};
  for (const auto& entry : listed.value.at("tests").as_array()) {
    auto found = readTestCase(entry.as_object());
    if (!matches(found, filter)) continue;
    checkCancelled();
    if (found.outcome != Outcome::skipped) {
      json::object head{{"do", "test"}, {"now", nowMicros() * 1000}, {"path", entry.at("path").as_string()}};
      auto answer = state_->ask(std::move(head), {}, policy, testRunMillis);
      if (answer.ok()) {
        finish(found, answer.value.as_object());
        merge(report.coverage, answer.value.at("coverage").as_array());
      } else {
        found.outcome = Outcome::error;
        found.message = describe(answer);
      }
    }
    report.cases.push_back(std::move(found));
  }
  return report;
}

EvalResult Engine::eval(const std::vector<Module>& modules, std::string_view query, std::string_view inputJson,
                        std::string_view dataJson) {
  Module asModule{"query", std::string(query)};
  if (auto problem = tooComplex(asModule)) return {.error = describe(*problem)};
  Policy policy(modules, dataJson);
  if (!modules.empty())
    if (auto problem = state_->tooComplexFor(policy)) return {.error = describe(*problem)};
  auto answer = state_->ask({{"do", "query"}, {"now", nowMicros() * 1000}, {"query", query}}, inputJson, policy,
                            state_->gates.options().wallMillis);
  if (!answer.ok()) return {.error = describe(answer)};
  return readEvalResult(answer.value.as_object());
}

std::string Engine::render(std::string_view templateText, std::string_view contextJson, bool strict) {
  if (auto wrong = tooComplexTemplate(templateText)) throw Error(Code::invalid, *wrong);
  std::string body;
  JsonWriter(body).object().key("template").text(templateText).key("context").text(contextJson).end();
  auto answer =
      state_->askAlone({{"do", "render"}, {"fuel", renderFuel}, {"depth", renderDepth}, {"strict", strict}}, body);
  if (answer.ok()) return std::string(answer.value.at("text").as_string());
  if (answer.problem.place.row > 0)
    throw error(Code::invalid, "template line {}: {}{}", answer.problem.place.row, answer.problem.message,
                answer.problem.hint.empty() ? "" : fmt::format(" ({})", answer.problem.hint));
  throw Error(Code::invalid, describe(answer));
}

}  // namespace regesta::policy

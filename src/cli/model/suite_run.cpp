#include "cli/model/suite_run.h"

#include <unistd.h>

#include "base/error.h"
#include "base/sync.h"
#include "base/time.h"
#include "cli/model/command.h"
#include "prompt/patterns.h"
#include "server/version.h"

namespace regesta::cli {
namespace {

constexpr std::string_view usualEmbedding = "text-embedding-3-small";

/// What assertions need besides the output. One per thread.
class RunMeans final : public evaluation::check::Judge {
 public:
  RunMeans(const SuiteRun& run, ModelEndpoint& endpoint)
      : run_(run), endpoint_(endpoint), patterns_(prompt::patternSearch()) {}

  bool matches(std::string_view pattern, std::string_view text) override { return patterns_(pattern, text); }

  double similarity(const std::string& a, const std::string& b, const std::string& provider) override {
    const EndpointOptions& options = endpoint_.options();
    std::string model = !provider.empty()                ? bareModel(provider)
                        : options.embeddingModel.empty() ? std::string(usualEmbedding)
                                                         : options.embeddingModel;
    return cosine(endpoint_.embed(a, model), endpoint_.embed(b, model));
  }

  std::string ask(const std::string& system, const std::string& user, const std::string& provider) override {
    json::array messages{json::object{{"role", "system"}, {"content", system}},
                         json::object{{"role", "user"}, {"content", user}}};
    const EndpointOptions& options = endpoint_.options();
    std::string model = !provider.empty()             ? provider
                        : options.graderModel.empty() ? modelOf(run_.settings, options.model)
                                                      : options.graderModel;
    ModelSettings settings{json::object{{"temperature", 0}}, nullptr, {}};
    return endpoint_.complete(completionRequest(settings, messages, model)).text;
  }

  evaluation::check::Grade command(const std::string& line, const evaluation::check::Output& output,
                                   const json::object& vars) override {
    if (!run_.commands) throw Error(Code::unsupported, "this runner runs no commands (start it with --allow-commands)");
    return runCommand(line, output, vars, endpoint_.options().stopped);
  }

 private:
  const SuiteRun& run_;
  ModelEndpoint& endpoint_;
  PatternSearch patterns_;
};

/// A Means whose lost connections end the run instead of failing an assertion.
class Watching final : public evaluation::check::Judge {
  template <class Call>
  auto watched(Call call) {
    try {
      return call();
    } catch (const Error& fault) {
      if (fault.code == Code::unavailable && !lost) lost = fault;
      throw;
    }
  }

 public:
  explicit Watching(RunMeans& inner) : inner_(inner) {}
  std::optional<Error> lost;

  bool matches(std::string_view pattern, std::string_view text) override { return inner_.matches(pattern, text); }
  double similarity(const std::string& a, const std::string& b, const std::string& provider) override {
    return watched([&] { return inner_.similarity(a, b, provider); });
  }
  std::string ask(const std::string& system, const std::string& user, const std::string& provider) override {
    return watched([&] { return inner_.ask(system, user, provider); });
  }
  evaluation::check::Grade command(const std::string& line, const evaluation::check::Output& output,
                                   const json::object& vars) override {
    return inner_.command(line, output, vars);
  }

 private:
  RunMeans& inner_;
};

/// What the threads of a run share.
struct Shared {
  std::atomic<std::size_t> next = 0, done = 0;
  std::atomic<bool> broken = false;
  Sync<std::optional<Error>> fault;

  void breakOff(const Error& why) {
    broken = true;
    if (auto held = fault.lock(); !*held) held->emplace(why);
  }
};

evaluation::check::CaseResult runCase(const SuiteRun& run, const evaluation::check::TestCase& test,
                                      const Render& render, ModelEndpoint& endpoint, std::string& model) {
  try {
    json::object request = completionRequest(run.settings, render(test.vars), run.endpoint.model);
    auto start = std::chrono::steady_clock::now();
    ModelAnswer answer = endpoint.complete(request);
    std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    model = answer.model;
    RunMeans means(run, endpoint);
    Watching watching(means);
    evaluation::check::CaseResult result = evaluation::check::judge(
        test, {answer.text, answer.finishReason, took.count(), endpoint.costOf(answer)}, watching);
    if (watching.lost) throw *watching.lost;
    return result;
  } catch (const Error& fault) {
    if (fault.code == Code::unavailable) throw;
    return evaluation::check::failedCase(test, fault.message);
  }
}

void work(const SuiteRun& run, Shared& shared, evaluation::check::SuiteResult& result,
          std::vector<std::string>& models) {
  try {
    Render render = run.makeRender();
    ModelEndpoint endpoint(run.endpoint);
    for (std::size_t at; !shared.broken && (at = shared.next++) < run.suite.tests.size();) {
      result.cases[at] = runCase(run, run.suite.tests[at], render, endpoint, models[at]);
      if (run.progress) run.progress(++shared.done);
    }
  } catch (const Error& fault) {
    shared.breakOff(fault);
  } catch (const std::exception& fault) {
    shared.breakOff(Error(Code::internal, fault.what()));
  }
}

}  // namespace

std::string runnerName() {
  char host[256] = {};
  ::gethostname(host, sizeof host - 1);
  return fmt::format("regesta {} on {}", server::version, host);
}

evaluation::check::SuiteResult runSuite(const SuiteRun& run) {
  if (modelOf(run.settings, run.endpoint.model).empty())
    throw Error(Code::invalid, "no model is named: the prompt's model_config has none; give one with --model");
  evaluation::check::SuiteResult result;
  result.runner = runnerName();
  result.startedAt = nowMillis();
  result.cases.resize(run.suite.tests.size());
  std::vector<std::string> models(run.suite.tests.size());
  Shared shared;
  {
    std::vector<std::jthread> threads;
    std::size_t count = std::min<std::size_t>(static_cast<std::size_t>(run.concurrency), run.suite.tests.size());
    for (std::size_t i = 0; i < count; ++i) threads.emplace_back([&] { work(run, shared, result, models); });
  }
  if (auto fault = shared.fault.lock(); *fault) throw Error(**fault);
  auto named = std::ranges::find_if(models, [](const std::string& model) { return !model.empty(); });
  result.model = named == models.end() ? modelOf(run.settings, run.endpoint.model) : *named;
  result.durationMillis = nowMillis() - result.startedAt;
  return result;
}

}  // namespace regesta::cli

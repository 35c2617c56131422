// regesta runner: leases jobs from a server, does them here, reports. It only ever calls out.
#include "base/text.h"
#include "cli/commands.h"
#include "cli/model/golden_run.h"
#include "cli/model/job_command.h"
#include "cli/model/options.h"
#include "cli/model/python_model.h"
#include "cli/model/suite_run.h"
#include "cli/stop_signals.h"

namespace regesta::cli {
namespace {

constexpr std::int64_t waitSeconds = 20;
constexpr std::chrono::seconds longestPause{30};

struct Job {
  std::int64_t id = 0;
  std::string lease, type, subject;
  json::object work;
};

/// Tells the server that the job is still being worked on, until it is destroyed.
class Heartbeat {
 public:
  Heartbeat(const Connection& connection, const Job& job, std::int64_t leaseSeconds)
      : api_(connection), thread_([this, &job, leaseSeconds] { beat(job, leaseSeconds); }) {}
  ~Heartbeat() {
    over_ = true;
    thread_.join();
  }
  /// Another runner has the job now.
  bool lost() const { return lost_; }

 private:
  void beat(const Job& job, std::int64_t leaseSeconds) {
    api_.stopWhen([this] { return over_.load(); });
    auto next = std::chrono::steady_clock::now();
    while (!over_) {
      next += std::chrono::milliseconds(leaseSeconds * 1000 / 3);
      while (!over_ && std::chrono::steady_clock::now() < next)
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
      if (over_) return;
      try {
        api_.post(route({"jobs", std::to_string(job.id), "heartbeat"}),
                  json::object{{"lease", job.lease}, {"lease_seconds", leaseSeconds}});
      } catch (const Error& fault) {
        // No answer now may be an answer in time; a refusal is final.
        if (fault.code != Code::unavailable && fault.code != Code::exhausted) lost_ = true;
        if (lost_) return;
      }
    }
  }

  std::atomic<bool> over_ = false, lost_ = false;
  Api api_;
  std::thread thread_;
};

class Runner {
 public:
  Runner(Session& session, const StopSignals& signals)
      : session_(session),
        signals_(signals),
        endpoint_(session.args.has("model-url") ? endpointOf(session) : EndpointOptions()),
        execution_(executionOf(session)),
        concurrency_(concurrencyOf(session)),
        leaseSeconds_(std::clamp<std::int64_t>(session.args.integer("lease-seconds").value_or(60), 3, 3600)) {
    if (session.args.has("jobs")) commands_ = readJobCommands(session.args.text("jobs"));
    if (!session.args.has("model-url") && !session.args.flag("run-models") && commands_.empty())
      throw UsageError("give --model-url for prompts, --run-models for models, --jobs for triggers, or several");
    session.api().stopWhen([this] { return signals_.stopped(); });
  }

  int run() {
    bool once = session_.args.flag("once");
    say(fmt::format("{} waits for jobs from {}", runnerName(), session_.api().connection().url));
    std::chrono::seconds pause{1};
    while (!signals_.stopped()) {
      try {
        std::optional<Job> job = lease(once ? 0 : waitSeconds);
        pause = std::chrono::seconds(1);
        if (job)
          work(*job);
        else if (once)
          return Exit::done;
      } catch (const Error& fault) {
        if (signals_.stopped()) break;
        if (once || (fault.code != Code::unavailable && fault.code != Code::exhausted)) throw;
        say(fmt::format("{}; trying again in {} s", fault.message, pause.count()));
        rest(pause);
        pause = std::min(longestPause, pause * 2);
      }
    }
    say("stopped");
    return Exit::done;
  }

 private:
  void say(const std::string& line) {
    fmt::print(stderr, "{}\n", printable(line));
    std::fflush(stderr);
  }

  void rest(std::chrono::seconds time) {
    auto until = std::chrono::steady_clock::now() + time;
    while (!signals_.stopped() && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }

  std::optional<Job> lease(std::int64_t wait) {
    json::array names;
    for (const auto& [name, command] : commands_) names.emplace_back(name);
    json::value answer =
        session_.api().post("/api/v1/jobs/lease", json::object{{"jobs", std::move(names)},
                                                               {"prompts", session_.args.has("model-url")},
                                                               {"models", session_.args.flag("run-models")},
                                                               {"commands", session_.args.flag("allow-commands")},
                                                               {"wait", wait},
                                                               {"lease_seconds", leaseSeconds_}});
    const json::object& leased = answer.as_object();
    if (!leased.contains("job")) return std::nullopt;
    const json::object& job = leased.at("job").as_object();
    return Job{job.at("id").to_number<std::int64_t>(), member(leased, "lease"), member(job, "type"),
               member(job, "subject"), leased.at("work").as_object()};
  }

  /// Runs one job and reports the result; a faulty job does not end the runner.
  void work(const Job& job) {
    say(fmt::format("job {}: {}", job.id, job.subject));
    std::optional<evaluation::check::SuiteResult> result;
    std::optional<json::object> ran;
    std::optional<Error> fault;
    bool lost = false;
    {
      Heartbeat heartbeat(session_.api().connection(), job, leaseSeconds_);
      endpoint_.stopped = [&] { return signals_.stopped() || heartbeat.lost(); };
      try {
        execution_.stopped = endpoint_.stopped;
        if (job.type == "prompt-test")
          result = test(job);
        else if (job.type == "command")
          ran = runJobCommand(commands_, job.id, job.work, session_.api().connection(), execution_.stopped);
        else
          ran = goldenRun(session_, job.work, execution_, endpoint_);
      } catch (const Error& e) {
        fault = e;
      }
      lost = heartbeat.lost();
    }
    if (lost) return say(fmt::format("job {}: another runner has it now", job.id));
    if (ran)
      reportRun(job, *ran);
    else if (result)
      report(job, *result);
    else
      fail(job, *fault);
  }

  evaluation::check::SuiteResult test(const Job& job) {
    const json::object& work = job.work;
    evaluation::check::Suite suite =
        evaluation::check::readSuite(writeJson(json::object{{"tests", work.at("suite").as_object().at("tests")}}));
    ModelSettings settings;
    if (const json::value* config = work.if_contains("model_config")) settings.modelConfig = *config;
    if (const json::value* format = work.if_contains("response_format")) settings.responseFormat = *format;
    if (const json::value* tools = work.if_contains("tools")) settings.tools = tools->as_array();
    std::string prompt = member(work, "prompt");
    std::int64_t version = work.at("version").to_number<std::int64_t>();
    Connection connection = session_.api().connection();
    auto makeRender = [connection, prompt, version, stopped = endpoint_.stopped]() -> Render {
      auto api = std::make_shared<Api>(connection);
      api->stopWhen(stopped);
      return [api, prompt, version](const json::object& vars) { return renderedBy(*api, prompt, version, vars); };
    };
    return runSuite({.suite = suite,
                     .settings = std::move(settings),
                     .makeRender = makeRender,
                     .endpoint = endpoint_,
                     .concurrency = concurrency_,
                     .commands = session_.args.flag("allow-commands"),
                     .progress = {}});
  }

  json::value tell(const Job& job, std::string_view verb, json::object body) {
    body["lease"] = job.lease;
    Api api(session_.api().connection());  // also when this runner is stopping
    return api.post(route({"jobs", std::to_string(job.id), verb}), body);
  }

  void report(const Job& job, const evaluation::check::SuiteResult& result) {
    constexpr std::size_t outputLimit = 4000;
    evaluation::check::Tally sums = evaluation::check::tally(result.cases);
    try {
      json::value done = tell(job, "complete", {{"result", evaluation::check::toJson(result, outputLimit)}});
      say(fmt::format("job {}: {} of {} passed by {}, evidence {}", job.id, sums.passed, sums.total, result.model,
                      member(done.as_object(), "evidence")));
    } catch (const Error& fault) {
      if (fault.code == Code::unavailable) throw;  // the lease expires, and another runner retries
      say(fmt::format("job {}: the report was refused: {}", job.id, fault.message));
      if (fault.code != Code::conflict) fail(job, fault);
    }
  }

  void reportRun(const Job& job, const json::object& result) {
    try {
      json::value done = tell(job, "complete", {{"result", result}});
      std::string evidence = member(done.as_object(), "evidence");
      say(fmt::format("job {}: run{}", job.id, evidence == "0" ? "" : ", evidence " + evidence));
    } catch (const Error& fault) {
      if (fault.code == Code::unavailable) throw;  // the lease expires, and another runner retries
      say(fmt::format("job {}: the report was refused: {}", job.id, fault.message));
      if (fault.code != Code::conflict) fail(job, fault);
    }
  }

  void fail(const Job& job, const Error& fault) {
    bool stopping = signals_.stopped();
    bool mayPass = fault.code == Code::unavailable || fault.code == Code::internal;
    std::string_view again = stopping ? "now" : mayPass ? "later" : "never";
    say(fmt::format("job {}: {}", job.id, stopping ? "returned" : fault.message));
    try {
      tell(job, "fail", {{"reason", stopping ? "its runner was stopped" : fault.message}, {"again", again}});
    } catch (const Error& unheard) {
      say(fmt::format("job {}: could not be reported to the server: {}", job.id, unheard.message));
    }
  }

  Session& session_;
  const StopSignals& signals_;
  EndpointOptions endpoint_;
  LocalExecution execution_;
  JobCommands commands_;
  int concurrency_;
  std::int64_t leaseSeconds_;
};

int run(Session& session) {
  StopSignals signals;
  return Runner(session, signals).run();
}

/// What a program says last is why it failed.
std::string lastLine(std::string_view text) {
  text = trim(text);
  return std::string(text.substr(text.rfind('\n') + 1));
}

int listJobs(Session& session) {
  return session.list(
      route({"jobs"}), {{"status", session.args.text("status")}, {"subject", session.args.text("subject")}},
      {"ID", "TYPE", "SUBJECT", "STATUS", "ATTEMPTS", "BY", "CREATED", "REASON"},
      [](const json::object& job) -> std::vector<Cell> {
        std::string status = member(job, "status");
        return {member(job, "id"),
                member(job, "type"),
                member(job, "subject"),
                Cell(status, status == "dead"   ? Colour::red
                             : status == "done" ? Colour::green
                                                : Colour::none),
                member(job, "attempts"),
                member(job, "leased_by"),
                shortTime(member(job, "created_at")),
                shorten(lastLine(member(job, "reason")), 100)};
      },
      "no jobs");
}

}  // namespace

Commands runnerCommands() {
  std::vector<Option> options = modelOptions();
  for (Option& option : options)
    if (option.name == "model-url") option.required = false;
  options.push_back({"run-models", "", "run models on golden inputs, with --python"});
  for (const Option& option : executionOptions()) options.push_back(option);
  options.push_back({"jobs", "FILE", "YAML with the commands that triggers may start here, by name"});
  options.push_back({"once", "", "run due jobs, then exit"});
  options.push_back(
      {"lease-seconds", "SECONDS", "seconds without a heartbeat after which a job is released (default 60)"});
  return {
      {.path = "runner",
       .summary = "run tests of new versions: lease jobs, call or run a model, report results",
       .options = options,
       .examples = {"REGESTA_TOKEN=rgs_… regesta runner --url https://regesta.example --model-url "
                    "http://127.0.0.1:8000/v1",
                    "regesta runner --model-url https://api.openai.com/v1 --grader-model gpt-4.1 --once",
                    "regesta runner --run-models --python .venv/bin/python", "regesta runner --jobs jobs.yaml"},
       .run = run,
       .more = "Needs a token with the role runner. Makes only outgoing connections.\n"
               "Ctrl-C returns the current job."},
      {.path = "job list",
       .summary = "list jobs with their status and errors",
       .options = {{"status", "STATUS", "waiting, leased, done or dead"},
                   {"subject", "SUBJECT", "prompt/NAME@VERSION"}},
       .examples = {"regesta job list --status dead"},
       .run = listJobs},
  };
}

}  // namespace regesta::cli

// guards_bench [ROLLOUTS] [REPORTS] [SECONDS] [FOLDER]: how often a guard rolls back a healthy prompt, and how soon it
// finds a bad one, beside what others do in the same simulated streams: a z-test that is looked at after every report,
// and "three windows of 50 in a row below the stable mean minus 0.05". Then reports a second, durable, through
// delivery::report with a guarded rollout, with 64 clients of one report each and with one client of batches.
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <random>
#include <thread>

#include "base/id.h"
#include "base/text.h"
#include "db/migrate.h"
#include "delivery/register.h"
#include "quality/report.h"
#include "registry/clearance_issuer.h"
#include "registry/pointer.h"
#include "registry/rollout/rollout.h"
#include "rollout/guard_state.h"

using namespace regesta;
using Clock = std::chrono::steady_clock;

namespace {

const access::Identity author{{"local:bench"}, {}, true};

constexpr double alpha = 0.05;

/// One method's view of one rollout: says after each report whether it would roll back.
struct Guard {
  explicit Guard(double margin) { config.margin = margin, config.alpha = alpha; }
  rollout::GuardConfig config;
  rollout::GuardState state;
  bool see(bool candidate, double x, double share) {
    state.see(config, candidate, x, share);
    return state.breached(config, share);
  }
};

struct PeekedZTest {
  double n[2]{}, sum[2]{}, squares[2]{};
  bool see(bool candidate, double x, double) {
    ++n[candidate], sum[candidate] += x, squares[candidate] += x * x;
    if (n[0] < 30 || n[1] < 30) return false;
    double mean[2], error = 0;
    for (int arm : {0, 1}) {
      mean[arm] = sum[arm] / n[arm];
      error += (squares[arm] / n[arm] - mean[arm] * mean[arm]) / n[arm];
    }
    return mean[0] - mean[1] > 1.645 * std::sqrt(error);
  }
};

struct WindowedThreshold {
  double sum = 0;
  int count = 0, low = 0;
  bool see(bool candidate, double x, double) {
    if (!candidate) return false;
    sum += x;
    if (++count < 50) return false;
    low = sum / count < 0.80 - 0.05 ? low + 1 : 0;
    sum = count = 0;
    return low >= 3;
  }
};

using Draw = std::function<double(std::mt19937_64&, double mean)>;

double yesOrNo(std::mt19937_64& random, double mean) {
  return std::uniform_real_distribution<double>(0, 1)(random) < mean ? 1 : 0;
}
double judged(std::mt19937_64& random, double mean) {
  return std::clamp(std::normal_distribution<double>(mean, 0.15)(random), 0.0, 1.0);
}

/// Reports of the candidate until the method would roll back; 0: it did not within `atMost`.
template <class Method>
int untilCaught(Method method, std::uint64_t seed, const Draw& draw, double share, double drop, int atMost) {
  std::mt19937_64 random(seed);
  std::bernoulli_distribution toCandidate(share);
  for (int reports = 0; reports < atMost;) {
    bool candidate = toCandidate(random);
    reports += candidate ? 1 : 0;
    if (method.see(candidate, draw(random, candidate ? 0.80 - drop : 0.80), share)) return reports;
  }
  return 0;
}

template <class Make>
double falseAlarms(Make make, const Draw& draw, double share, int rollouts, int reports) {
  int alarms = 0;
  for (int i = 0; i < rollouts; ++i)
    alarms += untilCaught(make(), static_cast<std::uint64_t>(i), draw, share, 0, reports) > 0 ? 1 : 0;
  return 100.0 * alarms / rollouts;
}

template <class Make>
std::string median(Make make, const Draw& draw, double share, double drop) {
  constexpr int repetitions = 201, atMost = 20'000;
  std::vector<int> needed;
  for (int i = 0; i < repetitions; ++i) {
    int reports = untilCaught(make(), static_cast<std::uint64_t>(1'000'000 + i), draw, share, drop, atMost);
    needed.push_back(reports > 0 ? reports : atMost + 1);
  }
  std::nth_element(needed.begin(), needed.begin() + repetitions / 2, needed.end());
  int middle = needed[repetitions / 2];
  return middle > atMost ? fmt::format(">{}", atMost) : std::to_string(middle);
}

template <class Make>
void row(const char* name, Make make, const Draw& draw, double share, int rollouts, int reports) {
  std::printf("%-34s %10.1f %% %9s %9s %9s\n", name, falseAlarms(make, draw, share, rollouts, reports),
              median(make, draw, share, 0.05).c_str(), median(make, draw, share, 0.10).c_str(),
              median(make, draw, share, 0.20).c_str());
  std::fflush(stdout);
}

void table(const char* title, const Draw& draw, double share, int rollouts, int reports) {
  std::printf(
      "\n%s, %g %% of the traffic: false alarms in %d clean rollouts of %d candidate reports; median reports "
      "until a drop is caught\n",
      title, 100 * share, rollouts, reports);
  std::printf("%-34s %12s %9s %9s %9s\n", "", "false alarms", "-5", "-10", "-20");
  row("guard, margin 0", [] { return Guard(0); }, draw, share, rollouts, reports);
  row("guard, margin 0.02 (the default)", [] { return Guard(0.02); }, draw, share, rollouts, reports);
  row("z-test after every report", [] { return PeekedZTest(); }, draw, share, rollouts, reports);
  row("three windows of 50 below 0.75", [] { return WindowedThreshold(); }, draw, share, rollouts, reports);
}

void everybody(int runs, int reports) {
  auto detector = [](std::uint64_t seed, double mean, int atMost) {
    std::mt19937_64 random(seed);
    rollout::ChangeDetector fallen;
    for (int i = 1; i <= atMost; ++i) {
      fallen.see(0.80 - 0.02 - yesOrNo(random, mean), 1.02);
      if (fallen.logE() >= std::log(10'000)) return i;
    }
    return 0;
  };
  int alarms = 0;
  for (int i = 0; i < runs; ++i) alarms += detector(static_cast<std::uint64_t>(i), 0.80, reports) > 0 ? 1 : 0;
  std::printf("\nwhile everybody gets the candidate (e-CUSUM): %d false alarms in %d runs of %d clean reports", alarms,
              runs, reports);
  for (double mean : {0.70, 0.60}) {
    std::vector<int> needed;
    for (int i = 0; i < 101; ++i) needed.push_back(detector(static_cast<std::uint64_t>(5000 + i), mean, 100'000));
    std::nth_element(needed.begin(), needed.begin() + 50, needed.end());
    std::printf("; a fall to %.2f is caught after %d", mean, needed[50]);
  }
  std::printf("\n");
}

/// A register with a prompt that is rolled out at 50 % under one guard.
struct Register {
  explicit Register(const std::string& folder)
      : database(db::openSqlite({.path = folder + "/regesta.db"})), store(*database, registry::Store::AfterCommit{}) {
    db::migrate(*database);
    store.change(registry::Actor{"local:bench"}, [](registry::Change& change) {
      registry::Asset asset = registry::createAsset(change, {"default", registry::Kind::prompt, "greeting"}, "", {});
      for (const char* text : {"Hi {{name}}", "Hello {{name}}"})
        delivery::registerPrompt(change, author, asset, {.prompt = {.text = text}, .version = {}});
      registry::moveAlias(change, asset, registry::ClearanceIssuer::move(registry::Pointer::alias("production"), 0, 1));
      registry::RolloutPlan plan = registry::parsePlan(
          R"({"arms":[{"name":"candidate","version":2}],"steps":[{"weight":50}],"guards":[{"metric":"score"}]})");
      registry::startRollout(change, asset, plan,
                             registry::ClearanceIssuer::move(registry::Pointer::alias("production"), 1, 2), "");
    });
  }
  std::unique_ptr<db::Database> database;
  registry::Store store;
};

double reportsPerSecond(Register& store, int clients, int batch, double seconds) {
  std::atomic<std::int64_t> stored{0};
  auto begin = Clock::now();
  auto elapsed = [&] { return std::chrono::duration<double>(Clock::now() - begin).count(); };
  std::vector<std::thread> threads;
  for (int client = 0; client < clients; ++client)
    threads.emplace_back([&, client] {
      std::mt19937_64 random(static_cast<std::uint64_t>(client));
      std::int64_t number = 0;
      while (elapsed() < seconds) {
        std::vector<quality::Report> reports;
        for (int i = 0; i < batch; ++i, ++number)
          reports.push_back({.prompt = "greeting",
                             .version = 1 + (number % 2),
                             .metric = "score",
                             .value = yesOrNo(random, 0.8),
                             .unit = fmt::format("user-{}-{}", client, number),
                             .key = fmt::format("{}-{}-{}", clients, client, number),
                             .source = "native"});
        for (const auto& outcome : quality::report(store.store, author, "default", reports))
          if (outcome.kind == quality::ReportOutcome::Kind::stored) ++stored;
      }
    });
  for (std::thread& thread : threads) thread.join();
  return static_cast<double>(stored) / elapsed();
}

void ingest(const std::string& parent, double seconds) {
  std::printf("\nreports a second, durable, with keys, users and a guard that watches\n");
  for (auto [clients, batch] : {std::pair{1, 1}, {64, 1}, {1, 100}, {8, 1000}}) {
    std::string folder = parent + "/guards-bench-" + randomHex(4);
    std::filesystem::create_directories(folder);
    {
      Register store(folder);
      std::printf("  %2d clients, %4d a request: %8.0f\n", clients, batch,
                  reportsPerSecond(store, clients, batch, seconds));
      std::fflush(stdout);
    }
    std::filesystem::remove_all(folder);
  }
}

}  // namespace

int main(int count, char** words) {
  auto number = [&](int place, std::int64_t fallback) {
    return static_cast<int>(count > place ? parseInteger(words[place]).value_or(fallback) : fallback);
  };
  int rollouts = number(1, 1000), reports = number(2, 5000), seconds = number(3, 3);
  std::string folder = count > 4 ? words[4] : std::filesystem::temp_directory_path().string();
  table("yes or no, 80 % yes", yesOrNo, 0.5, rollouts, reports);
  table("yes or no, 80 % yes", yesOrNo, 0.1, rollouts, reports);
  table("a judge's score, 0.80 ± 0.15", judged, 0.5, rollouts, reports);
  everybody(100, 100'000);
  ingest(folder, seconds);
  return 0;
}

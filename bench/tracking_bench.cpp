// tracking_bench [RUNS] [FOLDER|postgresql://…] [WORD]: CPU and time a call of the tracking room at RUNS runs (30,000)
// in one experiment, each with 10 metrics at 3 steps, 5 params and 5 tags. The room alone, without HTTP: what
// bench/mlflow_bench.py measures from outside contains these. WORD: only the measurements whose name contains it.
#include <time.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <random>
#include <thread>

#include "base/id.h"
#include "base/text.h"
#include "db/migrate.h"
#include "tracking/history.h"
#include "tracking/record.h"
#include "tracking/run_search.h"

using namespace regesta;
using Clock = std::chrono::steady_clock;

namespace {

constexpr const char* workspace = "default";
const registry::Actor actor{"user:bench"};

/// CPU of the whole process: the writer thread of the database does part of every write.
double cpuMicros() {
  timespec t;
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) / 1e3;
}

std::string only;
bool wanted(std::string_view name) { return name.find(only) != std::string_view::npos; }

template <class Fn>
void measure(const char* name, int times, Fn fn) {
  if (!wanted(name)) return;
  fn(0);
  double cpu = cpuMicros();
  auto begin = Clock::now();
  for (int i = 1; i <= times; ++i) fn(i);
  double wall = std::chrono::duration<double, std::micro>(Clock::now() - begin).count();
  std::printf("%-58s %10.1f µs CPU %10.1f µs\n", name, (cpuMicros() - cpu) / times, wall / times);
  std::fflush(stdout);
}

class Bench {
 public:
  Bench(registry::Store& store, int runs) : store_(store), random_(7) {
    if (reuse(runs)) return;
    store_.change(actor, [&](registry::Change& c) {
      experiment_ = tracking::createExperiment(c, workspace, "bench " + randomHex(4), "", {}, "mlflow-artifacts:/").id;
    });
    auto begin = Clock::now();
    for (int from = 0; from < runs; from += 500)
      store_.write([&](db::Transaction& transaction) {
        for (int i = from; i < std::min(runs, from + 500); ++i) load(transaction, i);
      });
    std::printf("%d runs loaded in %.1f s\n", runs, std::chrono::duration<double>(Clock::now() - begin).count());
  }

  void run() {
    measure("get run", 5000,
            [&](int) { store_.read([&](db::Transaction& s) { return tracking::getRun(s, workspace, any()); }); });
    measure("log-batch, 10 metrics, one client (one COMMIT each)", 500, [&](int i) { logOne(i, 10); });
    measure("log-batch, 500 metrics, one client", 100, [&](int i) { logOne(i, 500); });
    measure("64 log-batches of 10 metrics in one transaction", 30, [&](int i) {
      store_.write([&](db::Transaction& transaction) {
        for (int n = 0; n < 64; ++n) tracking::logBatch(transaction, workspace, any(), batchOf(i * 64 + n, 10));
      });
    });
    together(10, 6400);
    together(500, 640);
    measure("create run, one client", 500, [&](int i) {
      store_.write([&](db::Transaction& s) {
        tracking::createRun(s, workspace,
                            {.experiment = experiment_, .userId = "u", .startTime = i, .tags = {{"a", "1"}}});
      });
    });
    measure("history of one key (a few points)", 2000, [&](int) {
      store_.read([&](db::Transaction& s) { return tracking::metricHistory(s, workspace, any(), "m03"); });
    });
    measure("end a run: sealed in the ledger", 300, [&](int i) {
      tracking::updateRun(store_, actor, workspace, any(),
                          {.status = tracking::RunStatus::finished, .endTime = i, .name = ""});
    });
    search("search, default order, page 100", {}, "", 100);
    search("search, default order, page 1000", {}, "", 1000);
    search("search, filter + order by metric, page 100", {"metrics.acc DESC"},
           "metrics.acc > 0.9 AND params.model = 'm1'", 100);
    search("search, filter + order by metric, page 1000", {"metrics.acc DESC"},
           "metrics.acc > 0.9 AND params.model = 'm1'", 1000);
    search("search, tag filter, page 1000", {}, "tags.team = 't1'", 1000);
    longHistory();
  }

 private:
  /// A FOLDER that an earlier call has filled.
  bool reuse(int runs) {
    store_.read([&](db::Transaction& transaction) {
      db::Rows rows = transaction.query(
          "SELECT run_id, experiment FROM run WHERE experiment = (SELECT MAX(experiment) FROM run) ORDER BY id");
      while (rows.next()) ids_.push_back(rows.text(0)), experiment_ = rows.integer(1);
    });
    if (std::ssize(ids_) >= runs) return true;
    ids_.clear();
    return false;
  }

  const std::string& any() { return ids_[random_() % ids_.size()]; }

  void load(db::Transaction& transaction, int i) {
    tracking::NewRun made{.experiment = experiment_,
                          .userId = "anna",
                          .name = fmt::format("run {}", i),
                          .startTime = 1'700'000'000'000 + i};
    for (int t = 0; t < 4; ++t) made.tags.emplace(fmt::format("mlflow.source.tag{}", t), "some/path/of/a/script.py");
    made.tags.emplace("team", fmt::format("t{}", i % 30));
    std::string id = tracking::createRun(transaction, workspace, made).runId;
    tracking::Batch batch;
    for (int step = 0; step < 3; ++step)
      for (int m = 0; m < 10; ++m)
        batch.metrics.push_back(
            {{m == 0 ? "acc" : fmt::format("m{:02}", m), 0.5 + static_cast<double>(random_() % 1'000'000) / 2e6,
              1'700'000'000'000 + step, step},
             "",
             "",
             ""});
    batch.params = {{"model", fmt::format("m{}", i % 4)},
                    {"lr", "0.01"},
                    {"depth", "6"},
                    {"seed", std::to_string(i)},
                    {"optimizer", "adam"}};
    tracking::logBatch(transaction, workspace, id, batch);
    ids_.push_back(id);
  }

  tracking::Batch batchOf(int i, int metrics) {
    tracking::Batch batch;
    for (int m = 0; m < metrics; ++m)
      batch.metrics.push_back(
          {{fmt::format("m{:02}", m % 10), 0.001 * m + i, 1'800'000'000'000 + i, 10 + m / 10}, "", "", ""});
    return batch;
  }

  void logOne(int i, int metrics) {
    store_.write(
        [&, batch = batchOf(i, metrics)](db::Transaction& s) { tracking::logBatch(s, workspace, any(), batch); });
  }

  /// 64 clients, so that COMMITs are shared.
  void together(int metrics, int total) {
    std::string name = fmt::format("log-batch, {} metrics, 64 clients", metrics);
    if (!wanted(name)) return;
    constexpr int clients = 64;
    double cpu = cpuMicros();
    auto begin = Clock::now();
    std::vector<std::thread> threads;
    for (int c = 0; c < clients; ++c)
      threads.emplace_back([&, c] {
        std::mt19937 random(static_cast<unsigned>(c));
        for (int i = 0; i < total / clients; ++i) {
          auto batch = batchOf(c * 1000 + i, metrics);
          const std::string& id = ids_[random() % ids_.size()];
          store_.write([&](db::Transaction& s) { tracking::logBatch(s, workspace, id, batch); });
        }
      });
    for (auto& thread : threads) thread.join();
    double wall = std::chrono::duration<double, std::micro>(Clock::now() - begin).count();
    std::printf("%-58s %10.1f µs CPU %10.1f µs\n", name.c_str(), (cpuMicros() - cpu) / total, wall / total);
  }

  void search(const char* name, std::vector<std::string> order, const std::string& filter, std::int64_t page) {
    tracking::RunSearch query{
        .experiments = {experiment_}, .filter = filter, .orderBy = std::move(order), .maxResults = page};
    measure(name, 20, [&](int) {
      store_.read([&](db::Transaction& s) {
        auto found = tracking::searchRuns(s, workspace, query);
        if (found.items.empty()) std::puts("nothing found");
      });
    });
  }

  /// One long training: 10,000 calls of log_metric, then what reading and compacting it cost.
  void longHistory() {
    if (!wanted("history of one key, compacted")) return;
    std::string id = any();
    store_.write([&](db::Transaction& s) {
      for (int i = 0; i < 10'000; ++i)
        tracking::logMetric(s, workspace, id, {{i % 2 ? "loss" : "accuracy", 1.0 / (i + 1), i, i}, "", "", ""});
    });
    auto history = [&](int) {
      store_.read([&](db::Transaction& s) { return tracking::metricHistory(s, workspace, id, "loss"); });
    };
    measure("history of one key, 5,000 of 10,000 single calls", 20, history);
    measure("compacting them", 1, [&](int) { tracking::compactHistory(store_, workspace, id); });
    measure("history of one key, compacted", 20, history);
  }

  registry::Store& store_;
  std::mt19937 random_;
  std::int64_t experiment_ = 0;
  std::vector<std::string> ids_;
};

}  // namespace

int main(int argc, char** argv) {
  int runs = argc > 1 ? static_cast<int>(parseInteger(argv[1]).value_or(30'000)) : 30'000;
  std::string place =
      argc > 2 ? argv[2]
               : (std::filesystem::temp_directory_path() / ("regesta-tracking-bench-" + randomHex(4))).string();
  bool postgres = place.starts_with("postgres");
  if (argc > 3) only = argv[3];
  if (!postgres) std::filesystem::create_directories(place);
  auto database = postgres ? db::openPostgres(place, 64) : db::openSqlite({.path = place + "/regesta.db"});
  db::migrate(*database);
  registry::Store store(*database, {});
  tracking::prepareTracking(store, "mlflow-artifacts:/");
  Bench(store, runs).run();
  if (argc <= 2) std::filesystem::remove_all(place);
}

// Durable writes of 64 clients on SQLite, three ways in turn on the same disk: regesta's group commit; the same clients
// with one transaction and one flush each; and the raw C API in one thread, which has nobody to wait for and commits as
// many writes at a time as there are clients. Prints the medians and the two ratios. Usage: db_bench [ROUNDS [CLIENTS
// [SECONDS]]]
#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/metrics.h"
#include "db/database.h"

namespace {

using namespace regesta;
using Clock = std::chrono::steady_clock;

constexpr const char* tableSql =
    "CREATE TABLE event (id INTEGER PRIMARY KEY, name TEXT NOT NULL, at BIGINT NOT NULL, body TEXT NOT NULL)";
constexpr const char* indexSql = "CREATE INDEX event_name ON event (name)";
constexpr const char* insertSql = "INSERT INTO event (name, at, body) VALUES ($1, $2, $3)";
const std::string body(600, 'b');

struct Result {
  double perSecond = 0;
  double medianMillis = 0;  // of one write, as its client sees it
  double batch = 1;         // writes a commit
};

std::string freshFolder() {
  std::string folder = (std::filesystem::temp_directory_path() / "regesta-db-bench").string();
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  return folder;
}

/// Lets `clients` threads call `write(client, n)` for `seconds`.
Result drive(int clients, double seconds, const std::function<void(int, int)>& write) {
  std::atomic<bool> stop{false};
  std::atomic<std::int64_t> writes{0};
  std::mutex gathering;
  std::vector<double> times;
  auto start = Clock::now();
  {
    std::vector<std::jthread> threads;
    for (int c = 0; c < clients; ++c)
      threads.emplace_back([&, c] {
        std::vector<double> own;
        for (int n = 0; !stop; ++n) {
          auto before = Clock::now();
          write(c, n);
          own.push_back(std::chrono::duration<double, std::milli>(Clock::now() - before).count());
        }
        writes += static_cast<std::int64_t>(own.size());
        std::lock_guard lock(gathering);
        times.insert(times.end(), own.begin(), own.end());
      });
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    stop = true;
  }
  double taken = std::chrono::duration<double>(Clock::now() - start).count();
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
  return {static_cast<double>(writes) / taken, times[times.size() / 2]};
}

void check(int code, const char* what) {
  if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW) return;
  fmt::print(stderr, "db_bench: {}: {}\n", what, sqlite3_errstr(code));
  std::exit(1);
}

/// The raw C API as somebody who knows it would use it: WAL, FULL, one prepared statement.
class Raw {
 public:
  explicit Raw(const std::string& path) {
    check(sqlite3_open(path.c_str(), &handle_), "open");
    sqlite3_busy_timeout(handle_, 60'000);
    run("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-8192");
  }
  ~Raw() {
    sqlite3_finalize(insert_);
    sqlite3_close(handle_);
  }
  void run(const char* sql) { check(sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr), sql); }
  void insert(const std::string& name, std::int64_t at) {
    if (insert_ == nullptr) check(sqlite3_prepare_v2(handle_, insertSql, -1, &insert_, nullptr), "prepare");
    sqlite3_bind_text(insert_, 1, name.data(), static_cast<int>(name.size()), SQLITE_STATIC);
    sqlite3_bind_int64(insert_, 2, at);
    sqlite3_bind_text(insert_, 3, body.data(), static_cast<int>(body.size()), SQLITE_STATIC);
    check(sqlite3_step(insert_), "insert");
    sqlite3_reset(insert_);
  }

 private:
  sqlite3* handle_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
};

std::string nameOf(int client, int n) { return fmt::format("client-{}-{}", client, n); }

std::uint64_t writesSoFar() { return counter("regesta_db_writes_total", "").value(); }
std::uint64_t commitsSoFar() {
  std::uint64_t all = 0;
  for (std::size_t i = 0; i <= Histogram::buckets; ++i) all += histogram("regesta_db_commit_seconds", "").bucket(i);
  return all;
}

Result groupCommit(int clients, double seconds) {
  auto database = db::openSqlite({.path = freshFolder() + "/group.db"});
  database->write([](db::Transaction& s) { s.script(fmt::format("{};{}", tableSql, indexSql)); });
  std::uint64_t writesBefore = writesSoFar(), commitsBefore = commitsSoFar();
  Result result = drive(clients, seconds, [&](int client, int n) {
    std::string name = nameOf(client, n);
    database->write([&](db::Transaction& s) { s.run(insertSql, {name, n, body}); });
  });
  result.batch =
      static_cast<double>(writesSoFar() - writesBefore) / static_cast<double>(commitsSoFar() - commitsBefore);
  return result;
}

/// Every write its own transaction and flush; the clients share the connection, which is faster than a connection each.
Result oneFlushEach(int clients, double seconds) {
  Raw raw(freshFolder() + "/each.db");
  raw.run(tableSql);
  raw.run(indexSql);
  std::mutex turn;
  return drive(clients, seconds, [&](int client, int n) {
    std::string name = nameOf(client, n);
    std::lock_guard lock(turn);
    raw.run("BEGIN IMMEDIATE");
    raw.insert(name, n);
    raw.run("COMMIT");
  });
}

Result rawLoop(int batch, double seconds) {
  Raw raw(freshFolder() + "/raw.db");
  raw.run(tableSql);
  raw.run(indexSql);
  auto start = Clock::now();
  std::int64_t writes = 0;
  double taken = 0;
  for (int n = 0; taken < seconds; ++n) {
    raw.run("BEGIN IMMEDIATE");
    for (int c = 0; c < batch; ++c) raw.insert(nameOf(c, n), n);
    raw.run("COMMIT");
    writes += batch;
    taken = std::chrono::duration<double>(Clock::now() - start).count();
  }
  return {static_cast<double>(writes) / taken, taken * 1000 * batch / static_cast<double>(writes)};
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main(int count, char** arguments) {
  int rounds = count > 1 ? std::atoi(arguments[1]) : 5;
  int clients = count > 2 ? std::atoi(arguments[2]) : 64;
  double seconds = count > 3 ? std::atof(arguments[3]) : 2;
  std::vector<double> group, each, raw, perEach, perRaw;
  for (int round = 0; round < rounds; ++round) {
    Result a = groupCommit(clients, seconds), b = oneFlushEach(clients, seconds), c = rawLoop(clients, seconds);
    fmt::print(
        "  group commit {:6.0f}/s p50 {:.2f} ms batch {:.0f}   one flush each {:6.0f}/s p50 {:.2f} ms   raw loop of {} "
        "{:6.0f}/s\n",
        a.perSecond, a.medianMillis, a.batch, b.perSecond, b.medianMillis, clients, c.perSecond);
    group.push_back(a.perSecond);
    each.push_back(b.perSecond);
    raw.push_back(c.perSecond);
    perEach.push_back(a.perSecond / b.perSecond);
    perRaw.push_back(a.perSecond / c.perSecond);
  }
  std::filesystem::remove_all(freshFolder());
  fmt::print("{} clients, median of {}: group commit {:.0f}/s, one flush each {:.0f}/s, raw loop {:.0f}/s\n", clients,
             rounds, median(group), median(each), median(raw));
  fmt::print("  against one flush each {:.2f} (goal 5), against the raw loop {:.2f} (goal 0.8)\n", median(perEach),
             median(perRaw));
}

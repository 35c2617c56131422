// ledger_bench [FOLDER] [SECONDS] [THREADS] [FILL]: durable ledger appends, each in a transaction of its own, with the
// integrator writing tiles and checkpoints beside them; against one fdatasync an entry by a single thread, in the same
// run. FILL entries are put in first, to see that nothing depends on the size of the log.
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/file.h"
#include "base/id.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "db/migrate.h"
#include "ledger/entry.h"
#include "ledger/log.h"
#include "ledger/verify.h"

using namespace regesta;
using Clock = std::chrono::steady_clock;

namespace {

double since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

ledger::Entry entry(std::int64_t number) {
  return {.action = "alias.moved",
          .actor = "user:anna",
          .workspace = "default",
          .subject = fmt::format("model/loan-risk-{}#production", number % 1000),
          .data = {{"from", number}, {"to", number + 1}, {"digest", crypto::sha256Hex(std::to_string(number))}}};
}

double fsyncsPerSecond(const std::string& folder, double seconds) {
  file::Handle handle = file::createFile(folder + "/plain");
  std::string bytes(300, 'x');
  auto begin = Clock::now();
  std::int64_t count = 0;
  for (; since(begin) < seconds; ++count) {
    file::writeAll(handle, "plain", bytes);
    ::fdatasync(handle.get());
  }
  return static_cast<double>(count) / since(begin);
}

long residentKilobytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::atol(line.c_str() + 6);
  }
  return 0;
}

void fill(db::Database& database, ledger::Log& log, std::int64_t count) {
  auto begin = Clock::now();
  for (std::int64_t done = 0; done < count;) {
    std::int64_t end = std::min(count, done + 4096);
    database.write([&](db::Transaction& transaction) {
      for (std::int64_t i = done; i < end; ++i) ledger::append(transaction, entry(i), log.pendingKey());
    });
    done = end;
    while (log.integrate() > 0) {
    }
  }
  std::printf("filled with %lld entries in %.1f s\n", static_cast<long long>(count), since(begin));
}

void recoverAgain(db::Database& database, const ledger::Log::Options& options) {
  auto begin = Clock::now();
  ledger::Log log(database, options);
  log.recover();
  std::printf("start with %lld entries: %.0f ms\n", static_cast<long long>(log.size()), since(begin) * 1000);
  begin = Clock::now();
  std::int64_t proofs = 2000, size = log.size();
  for (std::int64_t i = 0; i < proofs; ++i)
    log.inclusionProof(static_cast<std::int64_t>(i * 2'654'435'761 % size), size);
  std::printf("inclusion proof: %.0f us\n", since(begin) * 1e6 / static_cast<double>(proofs));
}

}  // namespace

int main(int argc, char** argv) {
  auto number = [&](int at, std::int64_t otherwise) {
    return argc > at ? parseInteger(argv[at]).value_or(otherwise) : otherwise;
  };
  std::string folder = argc > 1 ? argv[1] : std::filesystem::temp_directory_path().string();
  folder += "/regesta-ledger-bench-" + randomHex(4);
  auto seconds = static_cast<double>(number(2, 5));
  std::int64_t threads = number(3, 64);
  std::filesystem::create_directories(folder);
  {
    auto database = db::openSqlite({.path = folder + "/regesta.db"});
    db::migrate(*database);
    ledger::Log::Options options{.origin = "bench", .key = crypto::generateKeyPair(), .folder = folder + "/ledger"};
    ledger::Log log(*database, options);
    log.recover();
    fill(*database, log, number(4, 0));
    double plain = fsyncsPerSecond(folder, std::min(2.0, seconds));
    log.start();
    std::atomic<bool> stop{false};
    std::atomic<std::int64_t> appended{0};
    std::vector<std::thread> writers;
    auto begin = Clock::now();
    std::clock_t processor = std::clock();
    std::int64_t before = log.size();
    for (std::int64_t t = 0; t < threads; ++t) {
      writers.emplace_back([&] {
        while (!stop) {
          ledger::Entry made = entry(appended.load());
          database->write([&](db::Transaction& transaction) { ledger::append(transaction, made, log.pendingKey()); });
          log.wake();
          ++appended;
        }
      });
    }
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    stop = true;
    for (auto& writer : writers) writer.join();
    double writing = since(begin);
    while (log.size() < before + appended) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    double integrated = since(begin);
    double rate = static_cast<double>(appended) / writing;
    std::printf(
        "%lld threads: %.0f durable appends/s, integrated %.0f ms after the last; one fdatasync each: %.0f/s; ratio "
        "%.1f\n",
        static_cast<long long>(threads), rate, (integrated - writing) * 1000, plain, rate / plain);
    // Says what the machine could do when others keep it busy: seconds of processor time, all threads, tiles included.
    double used = static_cast<double>(std::clock() - processor) / CLOCKS_PER_SEC;
    std::printf("processor time: %.1f us an entry, so %.0f entries/s for each core that it has to itself\n",
                used * 1e6 / static_cast<double>(appended), static_cast<double>(appended) / used);
    std::printf("memory: %ld MiB\n", residentKilobytes() / 1024);
    log.stop();
    recoverAgain(*database, options);
    begin = Clock::now();
    ledger::Report report = ledger::verifyDatabase(*database, *ledger::parseVerifierKey(log.verifierKey()));
    std::printf("verify: %s, %.0f entries/s\n", report.ok() ? "sound" : report.findings[0].what.c_str(),
                static_cast<double>(report.entries) / since(begin));
  }
  std::filesystem::remove_all(folder);
}

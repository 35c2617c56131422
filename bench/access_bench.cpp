// access_bench [TOKENS] [CHECKS]: what deciding about one request costs: from the Authorization header to the identity
// (admit()), and from there to the answer whether it may write an asset (may()), with many tokens of ten grants each.
// One thread, then as many as there are cores, each with credentials of its own; medians of rounds.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <thread>
#include <vector>

#include "access/access.h"
#include "base/id.h"
#include "base/text.h"
#include "db/database.h"
#include "db/migrate.h"

using namespace regesta;
using Clock = std::chrono::steady_clock;

namespace {

constexpr int rounds = 15, grantsEach = 10;

std::vector<access::Grant> grants() {
  std::vector<access::Grant> list;
  for (int i = 0; i < grantsEach; ++i)
    list.push_back({i % 2 == 0 ? "reader" : "contributor", "default", "area-" + std::to_string(i) + "-*"});
  return list;
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

/// Nanoseconds of one check.
double measure(access::Access& access, const std::string& credentials, int checks) {
  std::int64_t allowed = 0;
  const auto began = Clock::now();
  for (int i = 0; i < checks; ++i) {
    auto admission = access.admit(credentials, "192.0.2.1");
    allowed += admission.identity->may(access::Verb::write, "default", i % 2 == 0 ? "area-9-model" : "another");
  }
  const std::chrono::duration<double, std::nano> took = Clock::now() - began;
  if (allowed != (checks + 1) / 2) std::abort();  // it must have been decided, not optimised away
  return took.count() / checks;
}

}  // namespace

int main(int argc, char** argv) {
  auto given = [&](int at, int fallback) {
    return argc > at ? static_cast<int>(parseInteger(argv[at]).value_or(fallback)) : fallback;
  };
  const int tokens = given(1, 10'000), checks = given(2, 100'000);
  const std::string folder =
      (std::filesystem::temp_directory_path() / ("regesta-access-bench-" + randomHex(4))).string();
  std::filesystem::create_directories(folder);
  {
    auto database = db::openSqlite({.path = folder + "/regesta.db"});
    db::migrate(*database);
    registry::Store store(*database, {});
    access::Access access(store, false);
    access.createUser({"local:bench"}, "root", randomHex(16), {});
    std::vector<std::string> credentials;
    for (int i = 0; i < tokens; ++i)
      credentials.push_back("Bearer " + access.createToken({"local:bench"}, "token-" + std::to_string(i), grants(), 0));
    for (unsigned threads : {1u, std::max(2u, std::thread::hardware_concurrency())}) {
      std::vector<double> each;
      for (int round = 0; round < rounds; ++round) {
        std::vector<double> took(threads);
        std::vector<std::thread> running;
        for (unsigned t = 0; t < threads; ++t)
          running.emplace_back(
              [&, t] { took[t] = measure(access, credentials[(round * 7 + t) % credentials.size()], checks); });
        for (std::thread& thread : running) thread.join();
        each.push_back(median(took));
      }
      std::printf("%d tokens with %d grants, %u threads: %.2f us per check (goal < 5)\n", tokens, grantsEach, threads,
                  median(each) / 1000);
    }
  }
  std::filesystem::remove_all(folder);
}

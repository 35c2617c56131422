#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/error.h"
#include "base/limits_work.h"
#include "base/work.h"
#include "support.h"

namespace regesta::policy {
namespace {

constexpr std::string_view slow =
    R"(deny contains "x" if count([1 | some a in numbers.range(1, 3000); some b in numbers.range(1, 3000); a + b == 0]) > 0)";

TEST(Fairness, TrialsNeverKeepAGateWaiting) {
  Engine own(Options{.workers = 1, .cpuSeconds = 1, .wallMillis = 60'000, .queueMillis = 600'000});
  Cancellation over;
  std::atomic<int> refused = 0;
  {
    std::vector<std::jthread> trials;
    for (std::size_t i = 0; i < limits::trialsWaiting + 20; ++i)
      trials.emplace_back([&] {
        WorkScope scope({Lane::trial, "user:rex", &over});
        try {
          own.decide(gate(slow), "{}", 0);
        } catch (const Error& e) {
          if (e.code == Code::exhausted) ++refused;
        }
      });
    for (int i = 0; i < 3000 && refused == 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    WorkScope scope({Lane::ordinary, "user:rita", nullptr});
    for (int i = 0; i < 3; ++i) {
      Verdict verdict = own.decide(gate(R"(deny contains "no")"), "{}", 0);
      EXPECT_EQ(verdict.error, "");
      EXPECT_EQ(verdict.deny.size(), 1u);
    }
    over.cancel();
  }
  EXPECT_GT(refused, 0) << "of one caller only so many may wait";
}

TEST(Fairness, CallersTakeTurns) {
  Engine own(Options{.workers = 1, .cpuSeconds = 1, .wallMillis = 60'000, .queueMillis = 600'000});
  std::atomic<int> done = 0;
  std::vector<std::jthread> loops;
  for (int i = 0; i < 8; ++i)
    loops.emplace_back([&] {
      WorkScope scope({Lane::ordinary, "user:dora", nullptr});
      own.decide(gate(slow), "{}", 0);
      ++done;
    });
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  WorkScope scope({Lane::ordinary, "user:rita", nullptr});
  EXPECT_EQ(own.decide(gate(R"(deny contains "no")"), "{}", 0).error, "");
  EXPECT_LT(done, 8) << "rita did not wait for all of dora's";
}

}  // namespace
}  // namespace regesta::policy

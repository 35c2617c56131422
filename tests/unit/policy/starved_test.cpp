// A machine that is too busy is no fault of a policy: the caller is told to try again.
#include <gtest/gtest.h>

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/error.h"
#include "base/text.h"
#include "support.h"
#include "support/thrown.h"

namespace regesta::policy {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view endless =
    "n := numbers.range(1, 1000)\n"
    "deny contains \"x\" if { some a in n; some b in n; some c in n; a + b + c == 0 }";

/// The children of this process: workers, also those of other engines.
std::vector<pid_t> children() {
  std::vector<pid_t> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::ifstream file(entry.path() / "status");
    std::string status((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    if (status.find(fmt::format("\nPPid:\t{}\n", getpid())) != std::string::npos)
      found.push_back(static_cast<pid_t>(parseInteger(entry.path().filename().string()).value_or(0)));
  }
  return found;
}

std::int64_t cpuMillis(pid_t process) {
  clockid_t clock;
  timespec used{};
  if (::clock_getcpuclockid(process, &clock) != 0 || ::clock_gettime(clock, &used) != 0) return 0;
  return used.tv_sec * 1000LL + used.tv_nsec / 1'000'000;
}

/// The worker of `own`, which has one.
pid_t workerOf(Engine& own) {
  std::vector<pid_t> before = children();
  own.decide(gate(R"(deny contains "no")"), "{}", 0);
  for (pid_t child : children())
    if (std::ranges::find(before, child) == before.end()) return child;
  ADD_FAILURE() << "no worker was started";
  return 0;
}

bool decides(Engine& own) { return own.decide(gate(R"(deny contains "no")"), "{}", 0).deny.size() == 1; }

TEST(Starved, AWorkerThatGetsNoProcessorIsNoFaultOfThePolicy) {
  Engine own(Options{.workers = 1, .wallMillis = 1000});
  std::uint64_t before = workersLost();
  ASSERT_EQ(::kill(workerOf(own), SIGSTOP), 0);
  std::string why = thrown(Code::unavailable, [&] { decides(own); });
  EXPECT_NE(why.find("the machine is too busy"), std::string::npos) << why;
  EXPECT_TRUE(decides(own)) << "the worker was replaced";
  EXPECT_EQ(workersLost() - before, 1u);
}

TEST(Starved, TheSameForACheckOfAnUploadedPolicy) {
  Engine own(Options{.workers = 1, .wallMillis = 1000});
  ASSERT_EQ(::kill(workerOf(own), SIGSTOP), 0);
  thrown(Code::unavailable, [&] { own.check(gate(R"(deny contains "no")")); });
  EXPECT_TRUE(own.check(gate(R"(deny contains "no")")).ok());
}

TEST(Starved, OnlyProcessorTimeMakesAPolicyTooExpensive) {
  // By itself the policy exceeds its limit (HostilePolicy); held up in between, it only ran out of time.
  Engine own(Options{.workers = 1, .cpuSeconds = 1, .wallMillis = 3000});
  pid_t worker = workerOf(own);
  std::atomic<bool> over{false};
  std::jthread busy([&] {
    for (std::int64_t before = cpuMillis(worker); !over;) {
      while (!over && cpuMillis(worker) < before + 50) std::this_thread::sleep_for(5ms);
      ::kill(worker, SIGSTOP);
      for (int i = 0; !over && i < 120; ++i) std::this_thread::sleep_for(10ms);
      before = cpuMillis(worker);
      ::kill(worker, SIGCONT);
    }
    ::kill(worker, SIGCONT);
  });
  std::string why = thrown(Code::unavailable, [&] { own.decide(gate(endless), "{}", 0); });
  over = true;
  busy.join();
  EXPECT_NE(why.find("the machine is too busy"), std::string::npos) << why;
  EXPECT_TRUE(decides(own));
}

}  // namespace
}  // namespace regesta::policy

// Every text of the list of what regorus and minijinja do not survive, against the pool. Each must come back as an
// error that says why, and the next good decision must work.
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "base/error.h"
#include "policy/pregate.h"
#include "policy/worker.h"
#include "support.h"
#include "support/thrown.h"

namespace regesta::policy {
namespace {

using namespace std::chrono_literals;

struct Hostile {
  std::string name;
  std::string rules;
  std::string reason;  ///< part of the error, without sanitizers
};

void PrintTo(const Hostile& hostile, std::ostream* out) { *out << hostile.name; }

class HostilePolicy : public ::testing::TestWithParam<Hostile> {};

#ifndef REGESTA_SANITIZED
/// What /proc says about the children of this process.
std::vector<std::string> childrenStatus() {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::ifstream file(entry.path() / "status");
    std::string status((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    if (status.find(fmt::format("\nPPid:\t{}\n", getpid())) != std::string::npos) found.push_back(std::move(status));
  }
  return found;
}

TEST(Workers, HaveGivenUpTheirSystemCalls) {
  if (!canFilterSystemCalls()) GTEST_SKIP() << "this kernel has no seccomp filters; regesta doctor says so, too";
  ASSERT_TRUE(stillWorks());
  std::vector<std::string> workers = childrenStatus();
  ASSERT_FALSE(workers.empty());
  for (const std::string& status : workers) EXPECT_NE(status.find("\nSeccomp:\t2\n"), std::string::npos) << status;
}
#endif

TEST_P(HostilePolicy, IsRefusedAndThePoolSurvives) {
  auto verdict = decide(GetParam().rules);
  EXPECT_TRUE(verdict.denied());
#ifndef REGESTA_SANITIZED
  EXPECT_NE(verdict.error.find(GetParam().reason), std::string::npos) << verdict.error;
#else
  EXPECT_NE(verdict.error, "");
#endif
  EXPECT_TRUE(stillWorks());
}

std::string terms(std::string_view one, int count) { return repeat(one, count) + "1"; }

INSTANTIATE_TEST_SUITE_P(
    All, HostilePolicy,
    ::testing::Values(
        Hostile{"NestedArrays", "x := " + repeat("[", 40) + repeat("]", 40) + "\ndeny contains \"x\" if x",
                "brackets nest"},
        Hostile{"NestedObjects", "x := " + repeat("{\"a\":", 12) + "1" + repeat("}", 12) + "\ndeny contains \"x\" if x",
                "brackets nest"},
        Hostile{"EndlessRecursion", "f(n) := f(n - 1)\ndeny contains \"x\" if f(5)", "overflowed the stack"},
        Hostile{"OneLineEachSum", "deny contains \"x\" if " + terms("1 +\n", 16'000) + " > 1", "operators"},
        Hostile{"OneLineSum", "deny contains \"x\" if " + terms("1+", 16'000) + " > 1", "operators"},
        Hostile{"HugeRange", "deny contains \"x\" if count(numbers.range(1, 1000000000)) > 1", "it "},
        Hostile{"Doubling",
                "a0 := \"0123456789abcdef\"\n" +
                    [] {
                      std::string text;
                      for (int i = 0; i < 30; ++i)
                        text += fmt::format("a{} := concat(\"\", [a{}, a{}])\n", i + 1, i, i);
                      return text;
                    }() +
                    "deny contains \"x\" if count(a30) > 1",
                "it "},
        Hostile{"HugeShift", "deny contains \"x\" if count(sprintf(\"%d\", [bits.lsh(1, 1000000000)])) > 1", "it "},
        Hostile{"HugePadding", "deny contains \"x\" if count(sprintf(\"%1000000000d\", [1])) > 1", "it "},
        Hostile{"TripleLoop",
                "n := numbers.range(1, 1000)\n"
                "deny contains \"x\" if { some a in n; some b in n; some c in n; a + b + c == 0 }",
                "time"},
        Hostile{"HugeRegex", "deny contains \"x\" if regex.match(\"(a{1000}){1000}\", \"a\")", "regex"},
        Hostile{"DeepUnmarshal",
                "deny contains \"x\" if json.unmarshal(concat(\"\", [\"[\" | some i in numbers.range(1, 5000)]))", ""},
        Hostile{"TooLarge", "# " + std::string(300 * 1024, 'x') + "\ndeny contains \"x\"", "bytes"},
        Hostile{"ManyNots", "deny contains \"x\" if " + repeat("not ", 5'000) + "true", "operators"},
        Hostile{"LongWith", "deny contains \"x\" if input.a" + repeat(" with input.a as 1", 3'000), "operators"},
        Hostile{"NotUtf8", "deny contains \"\xff\xfe\"", "UTF-8"}),
    [](const auto& info) { return info.param.name; });

TEST(Hostile, DeepInputIsAnError) {
  auto verdict = decide(R"(deny contains "x" if input.a)", "{\"a\":" + repeat("[", 3000) + repeat("]", 3000) + "}");
  EXPECT_NE(verdict.error, "");
  EXPECT_TRUE(stillWorks());
}

TEST(Hostile, LongLinesAreFine) {
  auto text = std::string(20'000, 'y');
  auto verdict = decide("deny contains \"" + text + "\"");
  ASSERT_EQ(verdict.error, "");
  EXPECT_EQ(verdict.deny.at(0).msg, text);
}

TEST(Hostile, CheckAndTestSurviveToo) {
  auto recursive = gate("f(n) := f(n - 1)\ntest_a if f(3) == 1\ndeny contains \"x\" if f(1)");
  auto tested = engine().test(recursive);
  ASSERT_EQ(tested.cases.size(), 1u);
  EXPECT_EQ(tested.cases[0].outcome, Outcome::error);
  auto report = engine().check(gate("x := " + repeat("[", 40) + repeat("]", 40)));
  ASSERT_EQ(report.problems.size(), 1u);
  EXPECT_EQ(report.problems[0].code, "too_complex");
  EXPECT_TRUE(stillWorks());
}

TEST(Hostile, ManyThreadsWithGoodAndBadPolicies) {
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 6; ++t)
      threads.emplace_back([&, t] {
        for (int i = 0; i < 10; ++i) {
          bool bad = (t + i) % 5 == 0;
          if (bad && !decide("f(n) := f(n - 1)\ndeny contains \"x\" if f(5)").denied()) ++wrong;
          if (!bad && !stillWorks()) ++wrong;
        }
      });
  }
  EXPECT_EQ(wrong, 0);
}

TEST(Hostile, ThreadThatStartedTheEngineMayEnd) {
  std::uint64_t before = workersLost();
  std::unique_ptr<Engine> own;
  std::thread([&] {
    own = std::make_unique<Engine>(Options{.workers = 1});
    EXPECT_EQ(own->decide(gate("deny contains \"x\""), "{}", 0).deny.size(), 1u);
  }).join();
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(own->decide(gate("deny contains \"x\""), "{}", 0).deny.size(), 1u);
  EXPECT_EQ(workersLost(), before);
}

TEST(Hostile, WorkersThatCannotStartAreAnError) {
  Engine broken(Options{.workers = 1, .program = "/nonexistent/regesta"});
  std::string why = thrown(Code::unavailable, [&] { broken.decide(gate("deny contains \"x\""), "{}", 0); });
  EXPECT_NE(why.find("cannot be started"), std::string::npos) << why;
}

TEST(HostileTemplate, IsRefusedAndThePoolSurvives) {
  for (auto text :
       {"{{ " + repeat("not ", 20'000 / 2) + "x }}", "{{ 1" + repeat("+1", 20'000) + " }}", repeat("{% if x %}", 3'000),
        "{{ " + repeat("(", 2'000) + "1" + repeat(")", 2'000) + " }}",
        std::string("{% for i in range(1000000000) %}x{% endfor %}"), std::string("{{ 'x' * 1000000000 }}"),
        std::string("{{ '%1000000000d' | format(1) }}"), std::string("{{ 2 ** 1000000 }}"),
        std::string("{% macro m(n) %}{{ m(n + 1) }}{% endmacro %}{{ m(0) }}"),
        std::string("{% set ns = namespace(s='x') %}{% for i in range(60) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}"),
        std::string("{% include 'passwd' %}"), std::string("{{ 'x' | center(1000000000) }}")}) {
    EXPECT_THROW(engine().render(text, "{}"), Error) << text.substr(0, 60);
    EXPECT_EQ(engine().render("{{ a }}", R"({"a": "b"})"), "b");
  }
}

}  // namespace
}  // namespace regesta::policy

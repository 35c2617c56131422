// Against a real OPA: `opa` on the path, in build/tools, or where REGESTA_OPA says. tools/test builds it from its Go module.
#include "policy/opa.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <fcntl.h>

#include <fstream>
#include <sstream>
#include <thread>

#include "base/error.h"
#include "http/client.h"
#include "policy/relocate.h"
#include "support.h"

namespace regesta::policy {
namespace {

TEST(Relocate, MovesPackageAndDataOnly) {
  EXPECT_EQ(relocate("package a.data.b\nimport data.x as y\np := data.x[\"data\"] # data.x\n", "v1"),
            "package v1.a.data.b\nimport data.v1.x as y\np := data.v1.x[\"data\"] # data.x\n");
  EXPECT_EQ(relocate("package a\nq := input.data.x + metadata.x + `data.x`", "v1"),
            "package v1.a\nq := input.data.x + metadata.x + `data.x`");
  EXPECT_EQ(relocate("package a\ns := $\"data.x {data.x[\"}\"]} \\{data.x}\"", "v1"),
            "package v1.a\ns := $\"data.x {data.v1.x[\"}\"]} \\{data.x}\"");
  EXPECT_EQ(relocate("# package x\npackage a\nx := data[y]", "v1"), "# package x\npackage v1.a\nx := data.v1[y]");
}

std::string findOpa() {
  if (const char* named = std::getenv("REGESTA_OPA")) return named;
  auto here = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  for (auto folder = here; folder.has_relative_path(); folder = folder.parent_path())
    if (auto file = folder / "tools" / "opa"; ::access(file.c_str(), X_OK) == 0 && std::filesystem::is_regular_file(file))
      return file;
  return {};
}

/// An OPA server on a free port for all tests of this file.
class RealOpa : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto program = findOpa();
    if (program.empty()) return;
    folder_ = std::filesystem::temp_directory_path() / fmt::format("regesta-opa-{}", ::getpid());
    std::filesystem::create_directories(folder_);
    auto log = (folder_ / "log").string();
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 2, log.c_str(), O_CREAT | O_WRONLY, 0600);
    posix_spawn_file_actions_adddup2(&files, 2, 1);
    const char* arguments[] = {"opa", "run", "--server", "--addr", "127.0.0.1:0", "--disable-telemetry", nullptr};
    ASSERT_EQ(::posix_spawn(&pid_, program.c_str(), &files, nullptr, const_cast<char* const*>(arguments), environ), 0);
    posix_spawn_file_actions_destroy(&files);
    for (int tries = 0; tries < 400 && url_.empty(); ++tries) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      url_ = listening();
    }
    ASSERT_NE(url_, "");
  }

  static void TearDownTestSuite() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    std::filesystem::remove_all(folder_);
  }

  void SetUp() override {
    if (pid_ <= 0) GTEST_SKIP() << "no opa found";
  }

  /// OPA was told port 0 and does not print what it got: the kernel knows which socket is its.
  static std::string listening() {
    std::set<std::string> sockets;
    std::error_code gone;
    for (const auto& entry : std::filesystem::directory_iterator(fmt::format("/proc/{}/fd", pid_), gone)) {
      auto target = std::filesystem::read_symlink(entry, gone).string();
      if (target.starts_with("socket:[")) sockets.insert(target.substr(8, target.size() - 9));
    }
    for (auto name : {"/proc/net/tcp", "/proc/net/tcp6"}) {
      std::ifstream table(name);
      for (std::string line; std::getline(table, line);) {
        std::istringstream fields(line);
        std::string slot, local, remote, state, queue, timer, retries, user, timeout, inode;
        fields >> slot >> local >> remote >> state >> queue >> timer >> retries >> user >> timeout >> inode;
        if (state == "0A" && sockets.contains(inode))
          return fmt::format("http://127.0.0.1:{}", std::stoi(local.substr(local.find(':') + 1), nullptr, 16));
      }
    }
    return {};
  }

  static inline pid_t pid_ = 0;
  static inline std::string url_;
  static inline std::filesystem::path folder_;
};

TEST_F(RealOpa, DecidesAsTheEmbeddedEngineDoes) {
  Opa opa({.url = url_});
  auto rules = gate(R"(
import data.regesta.gate
deny contains {"code": "low", "msg": sprintf("%v at %d", [input.x, time.now_ns()]), "cure": "more"} if input.x < 10
deny contains "again" if count(gate.warn) > 0
warn contains "w" if input.x < 5
require contains {"code": "approval", "msg": "m", "approvals": {"role": "risk"}}
)");
  for (auto input : {R"({"x": 3})", R"({"x": 7})", R"({"x": 12})"}) {
    auto theirs = opa.decide(rules, input, 1'700'000'000'000'000'000);
    auto ours = engine().decide(rules, input, 1'700'000'000'000'000'000);
    EXPECT_EQ(theirs.error, "");
    EXPECT_EQ(json::serialize(toJson(theirs)), json::serialize(toJson(ours)));
  }
}

TEST_F(RealOpa, VersionsDoNotMeet) {
  Opa opa({.url = url_}), other({.url = url_ + "/"});
  auto first = gate("deny contains \"one\""), second = gate("deny contains \"two\"");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(opa.decide(first, "{}", 0).deny.at(0).msg, "one");
    EXPECT_EQ(other.decide(second, "{}", 0).deny.at(0).msg, "two");
  }
  opa.forget(first);
  EXPECT_EQ(other.decide(first, "{}", 0).deny.at(0).msg, "one") << "it is put in again";
}

TEST_F(RealOpa, RunsWhatTheEmbeddedEngineCannot) {
  Opa opa({.url = url_});
  auto rules = gate("deny contains $\"value {input.x} of {data.limits.most}\" if input.x > data.limits.most");
  rules.push_back({"limits.rego", "package limits\nmost := 3"});
  EXPECT_TRUE(engine().check(rules).needsOpa());
  EXPECT_EQ(toText(opa.check(rules)), "");
  EXPECT_EQ(opa.decide(rules, R"({"x": 4})", 0).deny.at(0).msg, "value 4 of 3");
}

TEST_F(RealOpa, FunctionsOfALaterFileAreFound) {
  Opa opa({.url = url_});
  std::vector<Module> rules = {gate("deny contains \"x\" if data.help.bad(input.x)")[0],
                               {"help.rego", "package help\nbad(x) if x > 1"}};
  EXPECT_EQ(opa.decide(rules, R"({"x": 2})", 0).deny.size(), 1u);
}

TEST_F(RealOpa, ErrorsFailClosedAndHavePlaces) {
  Opa opa({.url = url_});
  auto broken = gate("deny contains \"x\" if {\n  nosuch(1)\n}");
  auto report = opa.check(broken);
  ASSERT_EQ(report.problems.size(), 1u);
  EXPECT_EQ(report.problems[0].code, "rego_type_error");
  EXPECT_EQ(report.problems[0].place.row, 3);
  EXPECT_EQ(report.problems[0].place.file, "gate.rego");
  EXPECT_TRUE(opa.decide(broken, "{}", 0).denied());
  auto divides = opa.decide(gate("deny contains \"x\" if 1 / input.zero > 2"), R"({"zero": 0})", 0);
  EXPECT_NE(divides.error.find("divide by zero"), std::string::npos) << divides.error;
  EXPECT_NE(opa.decide(gate("allow := true"), "{}", 0).error.find("none of the rules"), std::string::npos);
  EXPECT_NE(opa.decide(gate("deny := true"), "{}", 0).error.find("not a set"), std::string::npos);
}

TEST(Opa, NotReachedIsADeny) {
  Opa opa({.url = "http://127.0.0.1:1"});
  auto verdict = opa.decide(gate("deny contains \"x\""), "{}", 0);
  EXPECT_TRUE(verdict.denied());
  EXPECT_NE(verdict.error.find("OPA at http://127.0.0.1:1"), std::string::npos) << verdict.error;
  EXPECT_THROW(opa.check(gate("deny contains \"x\"")), Error);
}

}  // namespace
}  // namespace regesta::policy

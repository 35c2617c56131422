// The policy room against a real OPA: the same gate idioms on both, and decisions by OPA over REST. tests/opa/run
// builds OPA from its Go module and names it in REGESTA_OPA.
#include "policy/opa.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fcntl.h>
#include <cstdio>

#include <fstream>
#include <regex>
#include <sstream>
#include <thread>

#include "base/error.h"
#include "http/client.h"
#include "support.h"

namespace regesta::policy {
namespace {

/// An OPA server on a free port for all tests of this file.
class RealOpa : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    const char* program = std::getenv("REGESTA_OPA");
    ASSERT_NE(program, nullptr) << "tests/opa/run sets REGESTA_OPA";
    folder_ = std::filesystem::temp_directory_path() / fmt::format("regesta-opa-{}", ::getpid());
    std::filesystem::create_directories(folder_);
    auto log = (folder_ / "log").string();
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 2, log.c_str(), O_CREAT | O_WRONLY, 0600);
    posix_spawn_file_actions_adddup2(&files, 2, 1);
    const char* arguments[] = {"opa", "run", "--server", "--addr", "127.0.0.1:0", "--disable-telemetry", nullptr};
    ASSERT_EQ(::posix_spawn(&pid_, program, &files, nullptr, const_cast<char* const*>(arguments), environ), 0);
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
deny contains {"code": "low", "msg": sprintf("%v at %d", [input.x, time.now_ns()]), "remediation": "more"} if input.x < 10
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

/// Idioms of gate policies. What the embedded engine says of them must be what OPA says: a deny that gets lost without
/// a word is the worst that can happen here, and two such faults of the engine were found by this list.
const std::vector<std::string>& idioms() {
  static const std::vector<std::string> all = {
      "import data.regesta.gate\ndeny contains \"a\" if count(gate.w) > 0\nwarn contains \"w\"",
      "import data.regesta.gate as g\ndeny contains g.limit if input.n > g.limit\nlimit := 2",
      "deny contains path if { [path, value] := walk(input.tree); value == 3 }",
      "deny contains v if { [_, v] := walk(input.tree); is_number(v) }",
      "deny contains p if walk(input.tree, [p, 3])",
      "n := count({p | [p, v] := walk(input.tree); is_string(v)})\ndeny contains n",
      "deny contains v if { [p, v] := walk(input.tree) with input as {\"tree\": {\"q\": 9}}; is_number(v) }",
      "deny contains \"x\" if not input.missing.part",
      "deny contains \"x\" if not input.n",
      "deny contains \"x\" if not input.no",
      "deny contains \"x\" if input.missing != 3",
      "deny contains \"x\" if not input.n > 5",
      "deny contains g if { some g, r in input.groups; r.rate < 0.8 }",
      "deny contains g if { r := input.groups[g]; r.rate < 0.8 }",
      "deny contains g if input.groups[g].rate < 0.8",
      "deny contains i if input.list[i] == \"b\"",
      "deny contains i if { some i; input.list[i] == \"b\" }",
      "deny contains x if { some x in input.list; x != \"a\" }",
      "deny contains \"x\" if { some x in input.list; x == \"c\" }",
      "deny contains \"x\" if every x in input.list { x != \"z\" }",
      "deny contains \"x\" if every i, x in input.list { i < 2; x != \"\" }",
      "deny contains \"x\" if not every_small\nevery_small if every r in input.groups { r.rate < 0.9 }",
      "deny contains \"x\" if { \"a\" in input.list; not \"z\" in input.list }",
      "deny contains \"x\" if { 0, \"a\" in input.list }",
      "deny contains m if { m := min([r.rate | some r in input.groups]) ; m < 0.8 }",
      "low := {g | some g, r in input.groups; r.rate < 0.8}\ndeny contains \"x\" if count(low) > 0\nwarn contains g if "
      "some g in low",
      "rates := {g: r.rate | some g, r in input.groups}\ndeny contains rates",
      "default limit := 7\nlimit := 1 if input.strict\ndeny contains limit if input.n > limit",
      "default limit := 7\nlimit := 1 if input.n == 3\ndeny contains limit if input.n > limit",
      "limit := 1 if input.n > 100 else := 2 if input.n > 2 else := 3\ndeny contains limit",
      "f(x) := \"low\" if x < 0.8\nf(x) := \"high\" if x >= 0.8\ndeny contains f(input.groups[_].rate)",
      "f(x) := y if { x > 1; y := x * 2 } else := 0\ndeny contains [f(1), f(2)]",
      "default f(_) := \"none\"\nf(1) := \"one\"\ndeny contains [f(1), f(2)]",
      "f([a, b]) := a + b\ndeny contains f([1, 2])",
      "p[x] := y if { some x, y in input.groups }\ndeny contains x if p[x].rate < 0.8",
      "m.a.b := 1\nm.a.c := 2\ndeny contains m.a",
      "m[g].rate := r.rate if some g, r in input.groups\ndeny contains m.race.rate",
      "s contains x if some x in input.list\ndeny contains \"x\" if s == {\"a\", \"b\"}",
      "s contains x if some x in input.list\ndeny contains x if { some x in s; not s[\"z\"] }",
      "deny contains x if some x in {\"a\", \"q\"} - {y | some y in input.list}",
      "deny contains x if some x in ({\"a\", \"q\"} & {y | some y in input.list})",
      "deny contains x if some x in ({\"q\"} | {y | some y in input.list})",
      "deny contains object.get(input, [\"groups\", \"race\", \"rate\"], -1)\nwarn contains object.get(input, "
      "\"nothing\", \"d\")",
      "deny contains sprintf(\"%v %d %s %.2f %5d|%s|\", [input.groups, input.n, \"s\", 0.5, 42, \"ab\"])",
      "deny contains sprintf(\"%v\", [0.1])\nwarn contains sprintf(\"%v\", [1e3])\nwarn contains sprintf(\"%v\", "
      "[null])",
      "deny contains concat(\",\", input.list)\nwarn contains replace(lower(\"ABc\"), \"b\", \"x\")",
      "deny contains \"x\" if regex.match(`^[a-z]+-v\\d+$`, input.name)",
      "deny contains regex.replace(input.name, `\\d+`, \"N\")\nwarn contains regex.find_n(`\\w`, input.name, 2)",
      "deny contains \"x\" if glob.match(\"loan-*\", [], input.name)\nwarn contains \"y\" if glob.match(\"*.x\", "
      "[\".\"], \"a.b.x\")",
      "deny contains semver.compare(input.semver, \"1.10.0\")\nwarn contains \"v\" if semver.is_valid(input.semver)",
      "deny contains \"x\" if time.parse_rfc3339_ns(input.at) < time.now_ns()",
      "deny contains time.date(time.parse_rfc3339_ns(input.at))\nwarn contains "
      "time.weekday(time.parse_rfc3339_ns(input.at))",
      "age := (time.now_ns() - time.parse_rfc3339_ns(input.at)) / 86400000000000\ndeny contains \"old\" if age > "
      "30\nwarn contains floor(age)",
      "deny contains x if { x := round(input.groups.race.rate * 100) / 100 }",
      "deny contains [1 + 2, 5 - 3, 2 * 3, 7 / 2, 7 % 3, abs(-2), ceil(1.2), floor(1.8)]",
      "deny contains [sum([1, 2.5]), product([2, 3]), max([1, 3]), min([1, 3]), sort([3, 1, 2])]",
      "deny contains [1 == 1.0, \"a\" < \"b\", [1] < [1, 2], null == false, {1} == {1.0}]",
      "deny contains json.unmarshal(\"{\\\"a\\\": [1, 2.5]}\")\nwarn contains json.marshal({\"b\": 1, \"a\": [true, "
      "null]})",
      "deny contains base64.encode(\"hello\")\nwarn contains urlquery.encode(\"a b&c\")",
      "deny contains array.concat([1], array.slice([1, 2, 3, 4], 1, 3))\nwarn contains array.reverse([1, 2])",
      "deny contains object.union({\"a\": {\"b\": 1}}, {\"a\": {\"c\": 2}})\nwarn contains object.remove({\"a\": 1, "
      "\"b\": 2}, [\"a\"])",
      "deny contains object.keys(input.groups)\nwarn contains type_name(input.list)",
      "deny contains split(\"a/b/c\", \"/\")[1]\nwarn contains substring(\"hello\", 1, 3)\nwarn contains trim_space(\" "
      " x \")",
      "deny contains \"x\" if to_number(\"0.5\") < 1\nwarn contains format_int(255, 16)",
      "deny contains numbers.range(1, 4)\nwarn contains [x | some x in numbers.range(3, 1)]",
      "deny contains \"x\" if { x := 5; x > 4; y = x + 1; y == 6 }",
      "deny contains \"x\" if { [a, b] := input.list; a == \"a\"; b == \"b\" }",
      "deny contains \"x\" if { {\"rate\": r} := input.groups.race; r < 1 }",
      "deny contains msg if { input.n > 2; msg := \"multi\\tline \\u00e9\" }",
      "deny contains `raw \\d`",
      "deny contains \"x\" if input[\"groups\"][\"race\"].rate < 0.8",
      "deny contains \"x\" if { k := \"race\"; input.groups[k].rate < 0.8 }",
      "deny contains \"x\" if data.lib.ok(input.n)",
      "import data.lib\ndeny contains lib.table.a if lib.ok(3)",
      "import data.lib.table\ndeny contains table[k] if some k in [\"a\", \"z\"]",
      "import data.lib.ok\ndeny contains \"x\" if ok(input.n)",
      "import data.lib\ndeny contains lib.fromGate\nanswer := 42",
      "import data.lib\nhelper if { lib := {\"table\": 1}; lib.table == 1 }\ndeny contains lib.table if helper",
      "deny contains \"x\" if data.lib.missing\nwarn contains \"y\" if not data.lib.missing",
      "deny contains k if data.lib.table[k] > 1",
      "deny contains k if { some k, v in data.lib.table; v > 1 }",
      "deny contains x if { x := data.lib[\"table\"].b }",
      "deny contains \"x\" if { input.n == 3 with input as {\"n\": 3} }",
      "b := x if { x := data.lib.table.a with data.lib.table as {\"a\": 77} }\ndeny contains b",
      "deny contains c if { c := count(input.list) with count as 5 }",
      "fake(_) := 8\ndeny contains c if { c := data.lib.double(1) with data.lib.double as fake }",
      "deny contains \"x\" if { not a; not b }\na if input.n > 100\nb := false",
      "deny contains input.groups[g].rate if some g in [\"race\", \"zzz\"]",
      "deny contains {\"g\": g, \"rate\": input.groups[g].rate} if {\n  some g in [\"zzz\", \"race\", \"yyy\"]\n}",
      "deny contains sprintf(\"%v\", [input.groups[g].rate]) if some g in [\"race\", \"zzz\"]",
      "deny contains {\n  \"g\": g, # a comment {\n  \"n\": f(g),\n} if { # if {\n  some g in [\"race\", \"zzz\"] # "
      "last\n}\nf(\"race\") := 1",
      "deny contains (input.n + 1) * 2 if input.n == 3",
      "deny contains f(x) if some x in [1, 2]\nf(x) := y.rate if { some g in [\"zzz\", \"race\"]; x == 1; y := "
      "input.groups[g] }",
      "f(g) := input.groups[g].rate if g != \"no\" else := \"none\"\ndeny contains [f(\"race\"), f(\"zzz\"), "
      "f(\"no\")]",
      "p[g] := input.groups[g].rate if some g in [\"race\", \"zzz\"]\ndeny contains p",
      "p[upper(g)] := 1 if some g in [\"race\", \"sex\"]\ndeny contains p",
      "p[input.list[i]] contains i if some i in [0, 1, 7]\ndeny contains p",
      "deny contains reason if some g in [\"race\", \"zzz\"]\nreason := input.missing",
      "worst := input.groups[g].rate if { some g in [\"race\", \"zzz\"] }\ndeny contains worst",
      "deny contains input.groups[_].rate",
      "deny contains [input.groups[k].rate | some k in [\"race\", \"zzz\"]]",
      "deny contains {k: input.groups[k].rate | some k in [\"zzz\", \"race\", \"yyy\"]}",
      "deny contains {input.groups[k].rate | some k in [\"zzz\", \"race\", \"yyy\"]}",
      "deny contains \"b\" if input.list[i] == \"b\"",
      "deny contains {path: value |\n  [path, value] := walk(input.tree)\n  is_number(value) # a comment\n}",
      "deny contains {g: r |\n  some g, i in input.groups\n  r := i.rate\n} if {\n  input.n == 3\n}\nwarn contains 1 "
      "if input.n == 3",
      "deny contains [g |\n  some g, i in input.groups\n  i.rate < limit\n] if {\n  limit := 0.8\n  input.n == 3\n}",
      "deny contains x if { x := [y | y := input.list[_]; y != \"a\"][0] }",
      "deny contains x if { some i, j; input.list[i] == \"a\"; input.list[j] == \"b\"; x := i + j }",
      "deny contains \"dup\" if { some i, j; i != j; input.list[i] == input.list[j] }",
      "same if { some g1, g2; g1 != g2; input.groups[g1].rate > input.groups[g2].rate }\ndeny contains \"x\" if same",
      "deny contains \"x\" if { x := {\"a\", \"b\"}; x[\"a\"]; not x[\"c\"] }",
      "deny contains \"x\" if union({{1}, {2}}) == {1, 2}",
      "deny contains x if { x := graph.reachable({\"a\": [\"b\"], \"b\": []}, {\"a\"}) }",
      "deny contains json.filter(input, [\"groups/race\"])\nwarn contains json.remove({\"a\": 1, \"b\": 2}, [\"a\"])",
      "deny contains is_null(input.nothing)\nwarn contains input.nothing",
      "deny contains \"x\" if input.nothing == null\nwarn contains \"y\" if not input.nothing",
      "deny contains strings.any_prefix_match(input.name, [\"loan\"])\nwarn contains strings.reverse(\"abc\")",
      "deny contains units.parse_bytes(\"10Ki\")\nwarn contains bits.or(1, 6)",
      "deny contains crypto.sha256(input.name)\nwarn contains hex.encode(\"ab\")",
      "deny contains indexof(input.name, \"v\")\nwarn contains contains(input.name, \"risk\")",
      "deny contains [startswith(input.name, \"loan\"), endswith(input.name, \"7\"), count(input.name)]",
  };
  return all;
}

/// The gate's members may be anything here, so the raw sets are compared, not findings.
std::string wrapped(const std::string& rules) {
  return std::regex_replace(std::regex_replace(rules, std::regex("(^|\n)deny contains"), "$1d contains"),
                            std::regex("(^|\n)warn contains"), "$1w contains") +
         "\nd contains \"\" if false\nw contains \"\" if false\n"
         "deny contains json.marshal([\"d\", x]) if some x in d\ndeny contains json.marshal([\"w\", x]) if some x in "
         "w\n";
}

TEST_F(RealOpa, IdiomsMeanTheSame) {
  Opa opa({.url = url_});
  const std::string input = R"({"n": 3, "no": false, "nothing": null, "list": ["a", "b"], "name": "loan-risk-v7",
    "semver": "1.9.2", "at": "2023-10-01T00:00:00Z", "tree": {"x": [1, {"y": 3}], "z": "s"},
    "groups": {"race": {"rate": 0.744}, "sex": {"rate": 0.91}}})";
  for (const auto& rules : idioms()) {
    auto policy = gate(wrapped(rules));
    policy.push_back({"lib.rego",
                      "package lib\ntable := {\"a\": 1, \"b\": 2}\nok(x) if x > 1\ndouble(x) := 2 * x\n"
                      "fromGate := data.regesta.gate.answer\nbusy := count(data.regesta.gate.deny)\n"});
    if (rules.find("fromGate") == std::string::npos)
      policy[1].text = policy[1].text.substr(0, policy[1].text.find("fromGate"));
    if (rules.find("lib.fromGate") != std::string::npos)
      policy[1].text = policy[1].text.substr(0, policy[1].text.find("busy"));
    auto theirs = opa.decide(policy, input, 1'700'000'000'000'000'000);
    auto ours = engine().decide(policy, input, 1'700'000'000'000'000'000);
    EXPECT_EQ(theirs.error, "") << rules;
    EXPECT_EQ(json::serialize(toJson(ours)), json::serialize(toJson(theirs))) << rules;
    opa.forget(policy);
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

}  // namespace
}  // namespace regesta::policy

#include "policy/verdict.h"

#include <gtest/gtest.h>

#include "support.h"

namespace regesta::policy {
namespace {

TEST(Verdict, ObjectsAndStringsBecomeFindings) {
  auto verdict = decide(R"(
deny contains {"code": "low_accuracy", "msg": sprintf("accuracy %v is below %v", [input.accuracy, 0.9]),
               "remediation": "train a better model", "severity": "high"} if input.accuracy < 0.9
deny contains "plain text"
warn contains {"code": "old_data", "msg": "the data is old"}
require contains {"code": "approval", "msg": "one approval by risk", "role": "risk", "count": 1}
)",
                        R"({"accuracy": 0.75})");
  ASSERT_EQ(verdict.error, "");
  ASSERT_EQ(verdict.deny.size(), 2u);
  EXPECT_EQ(verdict.deny[0].msg, "plain text");
  EXPECT_EQ(verdict.deny[0].code, "");
  EXPECT_EQ(verdict.deny[1].code, "low_accuracy");
  EXPECT_EQ(verdict.deny[1].msg, "accuracy 0.75 is below 0.9");
  EXPECT_EQ(verdict.deny[1].remediation, "train a better model");
  EXPECT_EQ(json::serialize(verdict.deny[1].more), R"({"severity":"high"})");
  ASSERT_EQ(verdict.warn.size(), 1u);
  ASSERT_EQ(verdict.require.size(), 1u);
  EXPECT_EQ(verdict.require[0].more.at("role").as_string(), "risk");
  EXPECT_EQ(verdict.require[0].more.at("count").as_int64(), 1);
  EXPECT_TRUE(verdict.denied());
}

TEST(Verdict, NothingSaidIsAllow) {
  auto verdict = decide(R"(deny contains "no" if input.bad)", R"({"bad": false})");
  EXPECT_EQ(verdict.error, "");
  EXPECT_FALSE(verdict.denied());
  EXPECT_EQ(json::serialize(toJson(verdict)), R"({"deny":[],"warn":[],"require":[]})");
}

TEST(Verdict, RoundTripsThroughJson) {
  auto verdict = decide(R"(deny contains {"code": "c", "msg": "m", "remediation": "x", "n": [1, {"a": 2}]})");
  auto text = json::serialize(toJson(verdict));
  EXPECT_EQ(json::serialize(toJson(readVerdict(json::parse(text)))), text);
}

TEST(Verdict, WrongShapesAreErrorsNotAllows) {
  EXPECT_NE(decide("deny := true").error.find("`deny` is not a set"), std::string::npos);
  EXPECT_NE(decide("deny contains 7").error.find("neither a string nor an object"), std::string::npos);
  EXPECT_NE(decide(R"(deny contains {"severity": "high"})").error.find("neither code nor msg"), std::string::npos);
  EXPECT_NE(decide("allow := true").error.find("none of the rules deny, warn and require"), std::string::npos);
  EXPECT_NE(engine().decide({{"x.rego", "package other\ndeny contains \"x\""}}, "{}", 0).error, "");
  EXPECT_NE(engine().decide({}, "{}", 0).error, "");
}

TEST(Verdict, ErrorsInsideRulesFailClosed) {
  auto divided = decide(R"(deny contains "x" if 1 / input.zero > 2)", R"({"zero": 0})");
  EXPECT_TRUE(divided.denied());
  EXPECT_NE(divided.error.find("gate.rego:2"), std::string::npos) << divided.error;
  EXPECT_TRUE(decide(R"(deny contains "x" if to_number("abc") > 1)").denied());
  EXPECT_TRUE(decide(R"(deny contains http.send({"method": "get", "url": "http://127.0.0.1/"}).body)").denied());
}

TEST(Verdict, BrokenInputIsAnError) {
  EXPECT_NE(decide(R"(deny contains "x")", "{not json").error.find("not JSON"), std::string::npos);
  EXPECT_NE(decide(R"(deny contains "x")", std::string("\xff\xfe")).error, "");
}

TEST(Verdict, TimeAndChanceComeFromTheInput) {
  std::string_view rules = R"(
deny contains {"code": "t", "msg": sprintf("%d %d %s", [time.now_ns(), rand.intn("k", 1000000), uuid.rfc4122("k")])})";
  auto first = decide(rules, R"({"a": 1})"), second = decide(rules, R"({"a": 1})"),
       other = decide(rules, R"({"a": 2})");
  ASSERT_EQ(first.error, "");
  EXPECT_EQ(first.deny[0].msg, second.deny[0].msg);
  EXPECT_NE(first.deny[0].msg, other.deny[0].msg);
  EXPECT_TRUE(first.deny[0].msg.starts_with("1700000000000000000 "));
}

TEST(Verdict, SeveralFilesAndPackages) {
  std::vector<Module> modules = {{"gate.rego",
                                  "package regesta.gate\nimport data.bank.limits\n"
                                  "deny contains \"low\" if input.x < limits.least"},
                                 {"limits.rego", "package bank.limits\nleast := 10"}};
  EXPECT_EQ(engine().decide(modules, R"({"x": 9})", 0).deny.size(), 1u);
  EXPECT_EQ(engine().decide(modules, R"({"x": 10})", 0).deny.size(), 0u);
}

// What regorus answers wrongly without a word (native/src/desugar.rs): each of these lost its deny.
TEST(Verdict, ImportOfTheOwnPackage) {
  auto verdict = decide("import data.regesta.gate\ndeny contains \"a\" if count(gate.warn) > 0\nwarn contains \"w\"");
  EXPECT_EQ(verdict.deny.size(), 1u) << verdict.error;
}

TEST(Verdict, PackagesThatMentionEachOther) {
  std::vector<Module> modules = {
      {"gate.rego", "package regesta.gate\nimport data.lib\ndeny contains \"x\" if lib.limit < 3"},
      {"lib.rego", "package lib\nlimit := 2\nbusy := count(data.regesta.gate.deny)"}};
  EXPECT_EQ(engine().decide(modules, "{}", 0).deny.size(), 1u);
}

TEST(Verdict, WalkWithAnAssignedResult) {
  auto verdict =
      decide("deny contains \"x\" if {\n  [path, value] := walk(input)\n  value == 3\n}", R"({"a": [{"b": 3}]})");
  EXPECT_EQ(verdict.deny.size(), 1u) << verdict.error;
  EXPECT_NE(decide("deny contains \"x\" if count(walk(input)) > 0").error.find("must be assigned"), std::string::npos);
}

TEST(Verdict, OneUndefinedMessageDoesNotTakeTheOthersAway) {
  auto verdict = decide(R"(
deny contains {"code": name, "msg": sprintf("%v is %v", [name, input.rates[name]])} if {
  some name in ["race", "sex", "age"]  # no rate for age
})",
                        R"({"rates": {"race": 0.7, "sex": 0.6}})");
  EXPECT_EQ(verdict.error, "");
  EXPECT_EQ(verdict.deny.size(), 2u);
}

TEST(Verdict, RowsOfErrorsAreTheAuthors) {
  auto verdict = decide(R"(deny contains {
  "code": "a",  # a comment
  "msg": input.a,
} if {
  input.a
}
deny contains "x" if {
  input.b
  1 / input.zero > 2
})",
                        R"({"a": "x", "b": true, "zero": 0})");
  EXPECT_NE(verdict.error.find("gate.rego:10:"), std::string::npos) << verdict.error;
}

TEST(Verdict, WorkersHoldNoStateBetweenInputs) {
  std::string_view rules = R"(deny contains input.who)";
  for (int i = 0; i < 20; ++i) {
    auto name = fmt::format("user{}", i);
    auto verdict = decide(rules, fmt::format(R"({{"who": "{}"}})", name));
    ASSERT_EQ(verdict.deny.size(), 1u);
    EXPECT_EQ(verdict.deny[0].msg, name);
  }
}

}  // namespace
}  // namespace regesta::policy

#include <gtest/gtest.h>

#include "base/text.h"
#include "policy/schema.h"
#include "support.h"

namespace regesta::policy {
namespace {

CheckReport check(std::string_view rules) { return engine().check(gate(rules)); }

/// The one problem of a text, as "row:column code message".
std::string only(const CheckReport& report) {
  if (report.problems.size() != 1) return toText(report);
  const auto& p = report.problems[0];
  return fmt::format("{}:{} {} {}", p.place.row, p.place.column, p.code, p.message);
}

TEST(Check, GoodPolicyHasNoProblem) {
  auto report = check(R"(
import data.regesta.gate.helpers
deny contains {"code": "x", "msg": sprintf("%v", [input.pointer.name])} if {
  some role in input.actor.roles
  startswith(role, "r")
  not trusted(input.actor.name)
  every a in input.approvals { a.user != input.actor.name }
}
trusted(name) if name == "root"
)");
  EXPECT_TRUE(report.ok()) << toText(report);
  EXPECT_EQ(report.packages, std::vector<std::string>{"regesta.gate"});
}

TEST(Check, ParseErrorHasItsPlace) {
  auto report = check("deny contains \"x\" if {\n  input.action ==\n}\n");
  ASSERT_EQ(report.problems.size(), 1u) << toText(report);
  EXPECT_EQ(report.problems[0].code, "rego_parse_error");
  EXPECT_EQ(report.problems[0].place.file, "gate.rego");
  EXPECT_EQ(report.problems[0].place.row, 4);
  EXPECT_FALSE(report.ok());
  EXPECT_FALSE(report.needsOpa());
}

TEST(Check, EveryBrokenFileIsNamed) {
  auto report = engine().check({{"a.rego", "package a\nx := ["}, {"b.rego", "package b\ny := }"}});
  ASSERT_EQ(report.problems.size(), 2u);
  EXPECT_EQ(report.problems[0].place.file, "a.rego");
  EXPECT_EQ(report.problems[1].place.file, "b.rego");
}

TEST(Check, UnknownFunctionEvenWhereNothingCallsIt) {
  auto report = check("deny contains \"x\" if false\nunused if nosuch.fn(1)");
  EXPECT_EQ(only(report), "3:11 rego_type_error undefined function nosuch.fn");
}

TEST(Check, MistypedFunctionGetsAHint) {
  auto report = check("deny contains \"x\" if startwith(input.action, \"a\")");
  ASSERT_EQ(report.problems.size(), 1u) << toText(report);
  EXPECT_EQ(report.problems[0].hint, "did you mean startswith?");
}

TEST(Check, WrongNumberOfArguments) {
  EXPECT_EQ(only(check("deny contains \"x\" if startswith(\"a\")")),
            "2:22 rego_type_error startswith takes 2 arguments, 1 are given");
  EXPECT_EQ(only(check("f(a, b) := a + b\ndeny contains \"x\" if f(1) > 2")),
            "3:22 rego_type_error f takes 2 arguments, 1 are given");
}

TEST(Check, FunctionsOfOpaNameTheWayOut) {
  auto report = check("deny contains \"x\" if io.jwt.verify_hs256(input.reason, \"k\")");
  EXPECT_TRUE(report.needsOpa());
  EXPECT_EQ(report.problems[0].code, "needs_opa");
  EXPECT_NE(report.problems[0].hint.find("without"), std::string::npos);
}

TEST(Check, NewerLanguageNamesTheWayOut) {
  auto report = check("deny contains $\"value {input.action}\"");
  EXPECT_TRUE(report.needsOpa()) << toText(report);
}

TEST(Check, UnknownInputMember) {
  auto report = check("deny contains \"x\" if input.actor.nmae == \"x\"");
  EXPECT_EQ(only(report), "2:22 unknown_input input.actor has no member nmae");
  EXPECT_EQ(report.problems[0].hint, "did you mean input.actor.name?");
}

TEST(Check, UnknownInputThroughBracketsAndImports) {
  EXPECT_EQ(check("deny contains \"x\" if input[\"actr\"].name == \"x\"").problems.size(), 1u);
  EXPECT_EQ(check("import input.actor as who\ndeny contains \"x\" if who.rolls").problems.size(), 1u);
  EXPECT_EQ(check("deny contains \"x\" if input.action.verb").problems.size(), 1u);
  EXPECT_TRUE(check("deny contains \"x\" if input.candidate.tags.anything").ok());
  EXPECT_TRUE(check("deny contains \"x\" if input.candidate.tags[input.action]").ok());
  EXPECT_TRUE(check("f(input_like) := input_like.nothing\ndeny contains \"x\" if f(input.actor)").ok());
}

TEST(Check, UnknownInputThroughOtherNames) {
  EXPECT_EQ(only(check("deny contains \"x\" if { m := input.candidate.metrics.verified; m.acuracy < 1 }")),
            "2:63 unknown_input input.candidate.metrics.verified has no member acuracy");
  EXPECT_EQ(check("new := input.candidate\ndeny contains \"x\" if new.metrics.verifed.f1 < 1").problems.size(), 1u);
  EXPECT_TRUE(check("new := input.candidate\ndeny contains \"x\" if new.metrics.verified.f1 < 1").ok());
  EXPECT_TRUE(
      check("deny contains \"x\" if { a := input.actor; a.name }\nwarn contains a if { a := {\"q\": 1}; a.q }").ok());
}

TEST(Check, EveryPathOfTheTableIsAccepted) {
  for (auto path : inputPaths()) {
    std::string reference = "input";
    for (auto step : split(path, '.'))
      reference += step == "*" || step == "**" ? ".anything" : step == "[]" ? "[_]" : "." + std::string(step);
    EXPECT_TRUE(check("deny contains \"x\" if " + reference).ok()) << path;
  }
}

TEST(Check, RecursionIsRefused) {
  auto direct = check("f(n) := f(n - 1)\ndeny contains \"x\" if f(5)");
  EXPECT_EQ(only(direct),
            "2:1 rego_recursion_error rule regesta.gate.f is recursive: regesta.gate.f -> regesta.gate.f");
  auto through = check("a if b\nb if data.regesta.gate.c\nc if a\ndeny contains \"x\" if a");
  ASSERT_EQ(through.problems.size(), 1u) << toText(through);
  EXPECT_EQ(through.problems[0].code, "rego_recursion_error");
}

TEST(Check, LocalNamesAreNoRecursion) {
  auto report = check("deny contains who if { some who in input.pointer }\na := b if { b := 1 }\nb := a");
  EXPECT_TRUE(report.ok()) << toText(report);
}

TEST(Check, UnsafeVariable) {
  auto report = check("deny contains \"x\" if y > 1");
  ASSERT_EQ(report.problems.size(), 1u) << toText(report);
  EXPECT_EQ(report.problems[0].code, "rego_unsafe_var_error");
  EXPECT_EQ(report.problems[0].place.row, 2);
}

TEST(Check, GateMustHaveSets) {
  EXPECT_EQ(only(engine().check({{"x.rego", "package other\na := 1"}})),
            "0:0 missing_rule no file is in package regesta.gate, so this is not a gate");
  EXPECT_EQ(check("allow := true").problems.at(0).code, "missing_rule");
  EXPECT_EQ(only(check("deny if input.action == \"x\"")), "2:1 missing_rule deny must be a set of violations");
}

TEST(Check, TextAndJsonShowTheSame) {
  auto report = check("deny contains \"x\" if nosuch(1)");
  EXPECT_EQ(toText(report), "gate.rego:2:22: rego_type_error: undefined function nosuch\n");
  auto tree = toJson(report);
  EXPECT_FALSE(tree.at("ok").as_bool());
  EXPECT_EQ(tree.at("problems").at(0).at("location").at("row").as_int64(), 2);
}

}  // namespace
}  // namespace regesta::policy

#include <gtest/gtest.h>

#include "support.h"

namespace regesta::policy {
namespace {

const std::vector<Module>& modules() {
  static const std::vector<Module> all = {{"gate.rego", R"(package regesta.gate

deny contains {"code": "low", "msg": "too low"} if input.candidate.accuracy < 0.9

deny contains {"code": "never", "msg": "x"} if {
  input.candidate.size > 5
  input.candidate.kind == "big"
}
)"},
                                          {"gate_test.rego", R"(package regesta.gate_test

import data.regesta.gate

test_low_is_denied if {
  count(gate.deny) == 1 with input as {"candidate": {"accuracy": 0.5}}
}

test_high_passes if {
  count(gate.deny) == 0 with input as {"candidate": {"accuracy": 0.95}}
}

test_wrong if {
  x := count(gate.deny) with input as {"candidate": {"accuracy": 0.5}}
  print("x is", x)
  x == 7
  print("never")
}

test_broken if to_number("abc") == 1

test_not_true := "yes"

todo_later if false

test_cases[name] if {
  some name in ["a", "b"]
}
)"}};
  return all;
}

const TestCase& find(const TestReport& report, std::string_view name) {
  for (const auto& test : report.cases)
    if (test.name == name) return test;
  throw std::runtime_error("no such test: " + std::string(name));
}

TEST(PolicyTest, Outcomes) {
  auto report = engine().test(modules());
  ASSERT_EQ(report.error, "");
  EXPECT_EQ(find(report, "test_low_is_denied").outcome, Outcome::passed);
  EXPECT_EQ(find(report, "test_high_passes").outcome, Outcome::passed);
  EXPECT_EQ(find(report, "test_wrong").outcome, Outcome::failed);
  EXPECT_EQ(find(report, "test_broken").outcome, Outcome::error);
  EXPECT_EQ(find(report, "test_not_true").outcome, Outcome::failed);
  EXPECT_EQ(find(report, "todo_later").outcome, Outcome::skipped);
  EXPECT_EQ(find(report, "test_cases").outcome, Outcome::passed);
  EXPECT_FALSE(report.ok());
  EXPECT_GT(find(report, "test_low_is_denied").nanos, 0);
  EXPECT_EQ(find(report, "test_low_is_denied").place.row, 5);
  EXPECT_EQ(find(report, "test_low_is_denied").package, "regesta.gate_test");
}

TEST(PolicyTest, FailureNamesTheExpressionAndItsValues) {
  auto report = engine().test(modules(), "test_wrong");
  ASSERT_EQ(report.cases.size(), 1u);
  EXPECT_EQ(report.cases[0].message, "gate_test.rego:16: x == 7\n  x = 1");
  EXPECT_EQ(report.cases[0].prints, std::vector<std::string>{"gate_test.rego:15: x is 1"});
}

TEST(PolicyTest, FailureOfACallWithInput) {
  auto report = engine().test({modules()[0],
                               {"t.rego",
                                "package t\ntest_a if {\n  count(data.regesta.gate.deny) == 0 with input as "
                                "{\"candidate\": {\"accuracy\": 0.5}}\n}"}});
  EXPECT_EQ(report.cases.at(0).message,
            "t.rego:3: count(data.regesta.gate.deny) == 0 with input as {\"candidate\": {\"accuracy\": 0.5}}\n"
            "  count(data.regesta.gate.deny) = 1");
}

TEST(PolicyTest, FailureShowsWhatTheAuthorWrote) {
  auto report = engine().test({modules()[0],
                               {"t.rego",
                                "package t\nimport data.regesta.gate as g\ntest_a if {\n"
                                "  count(g.deny) == 1 with input as {\"candidate\": {}}\n}"}});
  EXPECT_EQ(report.cases.at(0).message,
            "t.rego:4: count(g.deny) == 1 with input as {\"candidate\": {}}\n  count(g.deny) = 0");
}

TEST(PolicyTest, ErrorNamesItsPlace) {
  auto report = engine().test(modules(), "test_broken");
  EXPECT_NE(report.cases.at(0).message.find("gate_test.rego:20"), std::string::npos) << report.cases[0].message;
}

TEST(PolicyTest, CoverageIsMergedOverTests) {
  auto report = engine().test(modules(), "test_low*");
  EXPECT_TRUE(report.cases.empty()) << "a glob matches the whole name";
  report = engine().test(modules(), "*test_*_passes");
  ASSERT_EQ(report.coverage.size(), 2u);
  report = engine().test(modules());
  const auto& gate = report.coverage.at(0);
  EXPECT_EQ(gate.file, "gate.rego");
  EXPECT_EQ(std::ranges::count(gate.covered, 3), 1);
  EXPECT_EQ(gate.notCovered, (std::vector<int>{5, 7}));
  EXPECT_GE(gate.percent(), 50);
  EXPECT_LT(gate.percent(), 100);
}

TEST(PolicyTest, BrokenModulesAreOneError) {
  auto report = engine().test({{"gate.rego", "package regesta.gate\ndeny contains"}});
  EXPECT_NE(report.error.find("gate.rego:2:"), std::string::npos) << report.error;
  EXPECT_FALSE(report.ok());
}

TEST(PolicyTest, TextForATerminal) {
  auto report = engine().test(modules());
  auto text = toText(report, false, false, true);
  EXPECT_NE(text.find("FAIL regesta.gate_test.test_wrong ("), std::string::npos) << text;
  EXPECT_NE(text.find("    gate_test.rego:16: x == 7\n      x = 1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("gate.rego: "), std::string::npos);
  EXPECT_NE(text.find(", not run: 5, 7\n"), std::string::npos) << text;
  EXPECT_NE(text.find("3 passed, 2 failed, 1 in error, 1 skipped"), std::string::npos) << text;
  EXPECT_EQ(text.find("PASS"), std::string::npos);
  EXPECT_NE(toText(report, false, true).find("PASS regesta.gate_test.test_high_passes"), std::string::npos);
}

TEST(PolicyTest, MockingFunctionsAndData) {
  auto report = engine().test({{"a.rego",
                                "package a\nlimit := data.config.limit\nf(x) := x + 1\nok if f(1) == 10\n"
                                "fake(_) := 10\n"
                                "test_function if ok with f as fake\n"
                                "test_data if limit == 3 with data.config.limit as 3\n"}});
  EXPECT_TRUE(report.ok()) << toText(report);
}

TEST(PolicyEval, ValuesBindingsAndAbsence) {
  auto rules = gate("deny contains \"a\" if input.x");
  auto set = engine().eval(rules, "data.regesta.gate.deny", R"({"x": true})");
  EXPECT_TRUE(set.defined);
  EXPECT_EQ(json::serialize(set.value), R"(["a"])");
  auto bound = engine().eval({}, "x := 1 + 2; y := x * 2", "{}");
  EXPECT_EQ(json::serialize(bound.value), R"([{"x":3,"y":6}])");
  EXPECT_FALSE(engine().eval({}, "input.nothing", "{}").defined);
  EXPECT_NE(engine().eval({}, "1 +", "{}").error, "");
  EXPECT_EQ(json::serialize(engine().eval({}, "data.a.b", "{}", R"({"a": {"b": [1]}})").value), "[1]");
  EXPECT_EQ(engine().eval({}, "print(\"hi\", input.a)", R"({"a": 1})").prints.size(), 1u);
}

TEST(PolicyFunctions, RepairsAndExtensions) {
  auto value = [](std::string_view query) {
    auto result = engine().eval({}, query, "{}");
    return result.error.empty() ? json::serialize(result.value) : result.error;
  };
  EXPECT_EQ(value(R"(strings.count("abc", ""))"), "4");
  EXPECT_EQ(value(R"(strings.count("aaaa", "aa"))"), "2");
  EXPECT_EQ(value(R"(count("é😀"))"), "2");
  EXPECT_EQ(value(R"(upper("straße"))"), R"("STRAßE")");
  EXPECT_EQ(value(R"(crypto.sha256("abc"))"), R"("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")");
  EXPECT_EQ(value(R"(crypto.md5("abc"))"), R"("900150983cd24fb0d6963f7d28e17f72")");
  EXPECT_EQ(value(R"(crypto.sha1("abc"))"), R"("a9993e364706816aba3e25717850c26c9cd0d89d")");
  EXPECT_EQ(value(R"(crypto.hmac.sha256("what do ya want for nothing?", "Jefe"))"),
            R"("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")");
  EXPECT_EQ(value(R"(array.flatten([1, [2, 3], [[4]]]))"), "[1,2,3,[4]]");
  EXPECT_EQ(value(R"(strings.split_n("a.b.c", ".", 2))"), R"(["a","b"])");
  EXPECT_EQ(value(R"(strings.split_n("a.b.c", ".", -1))"), R"(["c"])");
  EXPECT_EQ(value(R"(strings.replace_n({"a": "b", "b": "a"}, "abba"))"), R"("baab")");
  EXPECT_EQ(value(R"(io.jwt.decode("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.AQID"))"),
            R"([{"alg":"HS256"},{"sub":"a"},"010203"])");
  EXPECT_EQ(value("opa.runtime()"), "{}");
  EXPECT_EQ(value("100000000000000000000 + 1"), value("100000000000000000001"));
}

TEST(PolicyRender, JinjaAsPythonWritesIt) {
  auto render = [](std::string_view text, std::string_view context = "{}") { return engine().render(text, context); };
  EXPECT_EQ(render("Hello {{ name | title }}!", R"({"name": "ada"})"), "Hello Ada!");
  EXPECT_EQ(render("{{ x | tojson }}", R"({"x": {"b": "é<", "a": [1, 2.5]}})"),
            R"({"a": [1, 2.5], "b": "\u00e9\u003c"})");
  EXPECT_EQ(render("{{ a }} {{ b }}", R"({"a": 1e20, "b": 1e-7})"), "1e+20 1e-07");
  EXPECT_EQ(render("{{ x | e }}", R"({"x": "<'/\">"})"), "&lt;&#39;/&#34;&gt;");
  EXPECT_EQ(render("{{ 'hello wide world' | truncate(10) }}"), "hello...");
  EXPECT_EQ(render("[{{ 'ab' | center(5) }}]"), "[  ab ]");
  EXPECT_EQ(render("{{ n + 1 }}", R"({"n": 41})"), "42");
  EXPECT_EQ(render("[{{ missing }}]"), "[]");
  EXPECT_THROW(engine().render("{{ missing }}", "{}", true), std::exception);
  EXPECT_THROW(render("{% if %}"), std::exception);
}

}  // namespace
}  // namespace regesta::policy

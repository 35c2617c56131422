// What a gate knows of a prompt's tests, and what it can ask of their results.
#include "fixture.h"
#include "registry/test_suite.h"

namespace regesta::governance {
namespace {

class PromptTestGate : public GovernanceTest {
 protected:
  std::string story() const override { return "people"; }
  void tell() override { makePeople(); }

  void setTests(const std::string& content, std::int64_t cases = 2) {
    change(
        [&](registry::Change& c) { registry::setTestSuite(c, registry::getAsset(c.session, key()), content, cases); });
  }
  /// What a runner's report becomes.
  void addResult(std::int64_t number, double passRate) {
    change([&](registry::Change& c) {
      registry::Version version = registry::getVersion(c.session, key(), number);
      auto suite = registry::currentTestSuite(c.session, version.asset.id);
      json::object summary{{"suite", suite->digest},
                           {"suite_number", suite->number},
                           {"model", "m"},
                           {"pass_rate", passRate},
                           {"total", 2}};
      addEvidence(c, version, {"prompt-test", false, json::object{{"pass_rate", passRate}, {"at", c.now}}, summary});
    });
    gate_->reconsider(key(), number);
  }
};

const std::string needsTests = R"(
require contains {"code": "tests", "msg": "the tests pass",
  "evidence": {"type": "prompt-test", "at_least": {"pass_rate": 1}, "current_tests": true}}
)";

TEST_F(PromptTestGate, OpensWhenTheTestsPass) {
  addVersion();
  setTests("one");
  guard(needsTests);
  auto outcome = gate_->move(as("anna"), to(1));
  EXPECT_EQ(outcome.kind, Kind::pending);
  EXPECT_EQ(outcome.requirements.at(0).needs,
            "evidence of type prompt-test, pass_rate at least 1, with the tests as they are now");
  addResult(1, 0.5);
  EXPECT_EQ(standsOn(), 0);
  addResult(1, 1.0);
  EXPECT_EQ(standsOn(), 1) << "the change request applied itself";
}

TEST_F(PromptTestGate, AFailureIsNotOutlivedByAnOlderPass) {
  addVersion();
  setTests("one");
  guard(needsTests);
  addResult(1, 1.0);
  addResult(1, 0.5);
  EXPECT_EQ(gate_->move(as("anna"), to(1)).kind, Kind::pending);
}

TEST_F(PromptTestGate, ResultsOfOlderTestsDoNotCount) {
  addVersion();
  setTests("one");
  guard(needsTests);
  addResult(1, 1.0);
  setTests("two");
  EXPECT_EQ(gate_->move(as("anna"), to(1)).kind, Kind::pending);
  addResult(1, 1.0);
  EXPECT_EQ(standsOn(), 1);
}

TEST_F(PromptTestGate, WithoutTestsNothingIsCurrent) {
  addVersion();
  guard(needsTests);
  EXPECT_EQ(gate_->move(as("anna"), to(1)).kind, Kind::pending);
}

TEST_F(PromptTestGate, PoliciesSeeTestsAndTheNewestResult) {
  addVersion();
  guard(R"(
deny contains {"code": "untested", "msg": "no result"} if not input.candidate.prompt_test
deny contains {"code": "old", "msg": "older tests"} if input.candidate.prompt_test.current == false
deny contains {"code": "bad", "msg": sprintf("%v passed", [input.candidate.prompt_test.pass_rate])} if {
  input.candidate.prompt_test.pass_rate < 0.9
}
deny contains {"code": "none", "msg": "no tests"} if not input.candidate.tests
)");
  EXPECT_EQ(gate_->move(as("anna"), to(1)).verdict.deny.size(), 2u) << "untested, none";
  setTests("one");
  addResult(1, 0.5);
  auto outcome = gate_->move(as("anna"), to(1));
  ASSERT_EQ(outcome.verdict.deny.size(), 1u);
  EXPECT_EQ(outcome.verdict.deny[0].msg, "0.5 passed");
  setTests("two");
  EXPECT_EQ(gate_->move(as("anna"), to(1)).verdict.deny.size(), 2u) << "bad, old";
  addResult(1, 0.95);
  EXPECT_EQ(gate_->move(as("anna"), to(1)).kind, Kind::moved);
}

TEST_F(PromptTestGate, NobodyClaimsToHavePassed) {
  EXPECT_NE(thrown(Code::invalid, [&] { checkClaim("prompt-test", json::object{{"pass_rate", 1}}); }).find("runner"),
            std::string::npos);
}

TEST_F(PromptTestGate, ARunnerRunsAndNothingElse) {
  Identity runner{{"token:r"}, {{"runner", "*", "loan-*"}}, false};
  EXPECT_TRUE(runner.may(Verb::run, "default", "loan-risk"));
  EXPECT_TRUE(runner.may(Verb::read, "default", "loan-risk"));
  EXPECT_FALSE(runner.may(Verb::run, "default", "other"));
  for (Verb verb : {Verb::write, Verb::approve, Verb::administer})
    EXPECT_FALSE(runner.may(verb, "default", "loan-risk"));
  EXPECT_FALSE(as("carl").may(Verb::run, "default", "loan-risk"));
  EXPECT_TRUE(as("root").may(Verb::run, "default", "loan-risk"));
}

}  // namespace
}  // namespace regesta::governance

// What a gate knows about a prompt's tests, and what it can require of their results.
#include "registry/test_suite.h"
#include "support/governance_test.h"

namespace regesta::governance {
namespace {

class PromptTestGate : public GovernanceTest {
 protected:
  std::string story() const override { return "people"; }
  void tell() override { makePeople(); }

  void setTests(const std::string& content, std::int64_t cases = 2, const std::string& who = "carl") {
    change(
        [&](registry::Change& c) {
          registry::setTestSuite(c, registry::getAsset(c.transaction, key()), content, cases);
        },
        who);
  }
  /// What a runner's report becomes.
  void addResult(std::int64_t number, double passRate) {
    change([&](registry::Change& c) {
      registry::Version version = registry::getVersion(c.transaction, key(), number);
      auto suite = registry::currentTestSuite(c.transaction, version.asset.id);
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

TEST_F(PromptTestGate, TestsThatTheAuthorReplacedDoNotCount) {
  change([&](registry::Change& c) { registry::createAsset(c, key(), "", {}); });
  setTests("anna's first", 2, "anna");
  addVersion();  // anna's, too: her first tests replaced nothing
  guard(needsTests);
  addResult(1, 1.0);
  EXPECT_EQ(gate_->move(as("anna"), to(1)).kind, Kind::moved);
  setTests("carl's", 2, "carl");
  setTests("easier ones", 1, "anna");
  addVersion();
  addResult(2, 1.0);
  auto outcome = gate_->move(as("anna"), to(2));
  EXPECT_EQ(outcome.kind, Kind::pending);
  EXPECT_NE(outcome.requirements.at(0).needs.find("another user must set them"), std::string::npos);
  setTests("easier ones", 1, "carl");  // he looked at them and makes them his
  gate_->reconsider(key(), 2);
  EXPECT_EQ(standsOn(), 2);
}

TEST_F(PromptTestGate, TheOriginAndTheAuthorOfEvidenceCanBeAskedFor) {
  addVersion();
  setTests("one");
  guard(R"(
require contains {"code": "runner", "msg": "a runner", "evidence": {"type": "prompt-test", "origin": ["runner"]}}
require contains {"code": "other", "msg": "not the author", "evidence": {"type": "scan", "not_author": true}}
)");
  auto add = [&](const NewEvidence& made, const std::string& who) {
    change([&](registry::Change& c) { addEvidence(c, registry::getVersion(c.transaction, key(), 1), made); }, who);
  };
  add({"prompt-test", false, json::object{{"by", "hand"}}, {}}, "carl");
  add({"scan", false, json::object{{"clean", true}}, {}}, "anna");
  auto outcome = gate_->move(as("anna"), to(1));
  EXPECT_EQ(outcome.kind, Kind::pending);
  EXPECT_FALSE(outcome.requirements.at(0).met);
  EXPECT_FALSE(outcome.requirements.at(1).met);
  add({"prompt-test", false, json::object{{"by", "a runner"}}, {}, 7}, "carl");
  add({"scan", false, json::object{{"clean", false}}, {}}, "carl");
  EXPECT_EQ(gate_->move(as("anna"), to(1)).kind, Kind::moved);
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
  access::Identity runner{{"token:r"}, {{"runner", "*", "loan-*"}}, false};
  EXPECT_TRUE(runner.may(access::Verb::run, "default", "loan-risk"));
  EXPECT_TRUE(runner.may(access::Verb::read, "default", "loan-risk"));
  EXPECT_FALSE(runner.may(access::Verb::run, "default", "other"));
  for (access::Verb verb : {access::Verb::write, access::Verb::approve, access::Verb::administer})
    EXPECT_FALSE(runner.may(verb, "default", "loan-risk"));
  EXPECT_FALSE(as("carl").may(access::Verb::run, "default", "loan-risk"));
  EXPECT_TRUE(as("root").may(access::Verb::run, "default", "loan-risk"));
}

}  // namespace
}  // namespace regesta::governance

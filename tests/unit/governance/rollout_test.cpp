#include "registry/rollout/rollout.h"

#include "governance/change_request.h"
#include "governance/replay.h"
#include "support/governance_test.h"

namespace regesta::governance {
namespace {

class RolloutGateTest : public GovernanceTest {
 protected:
  std::string story() const override { return "rollout"; }
  void tell() override {
    makePeople();
    for (int i = 0; i < 4; ++i) addVersion();
    gate_->move(as("root"), to(1));
  }
  Gate::Move start(std::string_view arms = R"([{"name":"candidate","version":2}])") {
    registry::RolloutPlan plan = registry::parsePlan(
        fmt::format(R"({{"arms":{},"steps":[{{"weight":10,"bake_seconds":60}},{{"weight":100}}]}})", arms));
    Gate::Move move = to(plan.arms.front().version);
    move.rollout = plan;
    return move;
  }
  /// But for the people, who are there without having been made.
  std::vector<std::string> differences() {
    std::vector<std::string> found;
    for (const Difference& one : compareWithDatabase(*database_).differences)
      if (!one.subject.starts_with("user/")) found.push_back(one.what);
    return found;
  }
  std::optional<registry::Rollout> running() {
    return read([&](db::Transaction& transaction) {
      return registry::runningRollout(transaction, registry::getAsset(transaction, key()), "production");
    });
  }
};

TEST_F(RolloutGateTest, anUnguardedAliasStartsAtOnce) {
  auto outcome = gate_->move(as("anna"), start());
  EXPECT_EQ(outcome.kind, Kind::moved);
  ASSERT_TRUE(running());
  EXPECT_EQ(outcome.rollout, running()->id);
  EXPECT_EQ(standsOn(), 1);
  registry::Rollout done = gate_->completeRollout({"system:rollout"}, outcome.rollout);
  EXPECT_EQ(done.status, registry::RolloutStatus::completed);
  EXPECT_EQ(standsOn(), 2);
}

TEST_F(RolloutGateTest, aDeniedMoveIsADeniedRollout) {
  guard(R"(deny contains "not two" if input.candidate.version == 2)");
  EXPECT_EQ(gate_->move(as("anna"), start()).kind, Kind::refused);
  EXPECT_FALSE(running());
  EXPECT_EQ(gate_->move(as("anna"), start(R"([{"name":"candidate","version":3}])")).kind, Kind::moved);
}

TEST_F(RolloutGateTest, everyArmIsACandidate) {
  guard(R"(deny contains "not two" if input.candidate.version == 2)");
  auto outcome = gate_->move(as("anna"), start(R"([{"name":"a","version":3},{"name":"b","version":2}])"));
  EXPECT_EQ(outcome.kind, Kind::refused);
  EXPECT_FALSE(running());
}

TEST_F(RolloutGateTest, policiesSeeThePlan) {
  guard(R"(deny contains "start small" if input.rollout.steps[0].weight > 5)");
  EXPECT_EQ(gate_->move(as("anna"), start()).kind, Kind::refused);
  EXPECT_EQ(gate_->move(as("anna"), to(2)).kind, Kind::moved);  // no plan, no such rule
}

TEST_F(RolloutGateTest, anApprovedRequestStartsTheRolloutAndCompletesOnItsDecision) {
  guard(
      R"(require contains {"code": "risk", "msg": "a risk officer approves", "approvals": {"role": "risk", "count": 1}})");
  auto pending = gate_->move(as("anna"), start());
  ASSERT_EQ(pending.kind, Kind::pending);
  EXPECT_FALSE(running());
  // The plan is part of what is approved: another one is another request.
  auto other = gate_->move(as("anna"), to(2));
  EXPECT_NE(other.changeRequest, pending.changeRequest);

  auto outcome = gate_->approve(pending.changeRequest, as("rita"), "fine");
  ASSERT_EQ(outcome.kind, Kind::moved);
  ASSERT_TRUE(running());
  EXPECT_EQ(running()->decision, outcome.decision);
  EXPECT_EQ(running()->startedBy, "system:gate");
  EXPECT_EQ(standsOn(), 1);

  gate_->completeRollout({"system:rollout"}, outcome.rollout);
  EXPECT_EQ(standsOn(), 2);
  auto moved = ledger("alias.moved");
  EXPECT_EQ(moved.back().at("data").at("decision").as_string(), outcome.decision);
  EXPECT_EQ(differences(), std::vector<std::string>{});
}

TEST_F(RolloutGateTest, theLedgerNamesAnAlteredRollout) {
  auto outcome = gate_->move(as("anna"), start());
  EXPECT_EQ(differences(), std::vector<std::string>{});
  sql("UPDATE rollout SET forced = 3");
  ASSERT_EQ(differences().size(), 1U);
  EXPECT_NE(differences()[0].find(fmt::format("#production rollout {} has forced 3", outcome.rollout)),
            std::string::npos)
      << differences()[0];
}

TEST_F(RolloutGateTest, anAliasThatBecameProtectedIsNotMovedWithoutADecision) {
  auto outcome = gate_->move(as("anna"), start());
  guard(R"(warn contains "seen")");
  thrown(Code::refused, [&] { gate_->completeRollout({"system:rollout"}, outcome.rollout); });
  EXPECT_EQ(standsOn(), 1);
}

TEST_F(RolloutGateTest, ofSeveralArmsSomebodyNamesTheWinner) {
  auto outcome = gate_->move(as("anna"), start(R"([{"name":"a","version":3},{"name":"b","version":2}])"));
  thrown(Code::invalidState, [&] { gate_->completeRollout({"user:anna"}, outcome.rollout); });
  thrown(Code::invalid, [&] { gate_->completeRollout({"user:anna"}, outcome.rollout, "c"); });
  gate_->completeRollout({"user:anna"}, outcome.rollout, "b");
  EXPECT_EQ(standsOn(), 2);
}

TEST_F(RolloutGateTest, whereThereIsNothingToRollOutNoRequestOpens) {
  guard(R"(require contains {"code": "risk", "msg": "risk", "approvals": {"role": "risk", "count": 1}})");
  thrown(Code::invalidState, [&] { gate_->move(as("anna"), start(R"([{"name":"candidate","version":1}])")); });
  Gate::Move nowhere = start();
  nowhere.pointer = registry::Pointer::alias("canary");
  thrown(Code::invalidState, [&] { gate_->move(as("anna"), nowhere); });
  EXPECT_TRUE(ledger("change-request.opened").empty());
}

TEST_F(RolloutGateTest, goingBackDoesNotUndoWhatAGuardDid) {
  gate_->move(as("anna"), to(2));
  gate_->move(as("anna"), to(1));
  auto outcome = gate_->move(as("anna"), start());  // version 2 again, as a candidate
  registry::Actor guard{"system:guard"};
  store_->change(guard, [&](registry::Change& c) {
    return registry::endRollout(c, *registry::findRollout(c.transaction, outcome.rollout),
                                registry::RolloutStatus::rolledBack, "helpfulness fell");
  });
  std::string why = thrown(Code::invalidState, [&] {
    gate_->rollback(as("anna"), start().key, registry::Pointer::alias("production"), "");
  });
  EXPECT_NE(why.find("--to 2"), std::string::npos) << why;
  EXPECT_NE(why.find("helpfulness fell"), std::string::npos) << why;
  EXPECT_EQ(standsOn(), 1);
  EXPECT_EQ(gate_->rollback(as("anna"), start().key, registry::Pointer::alias("production"), "", 2).kind, Kind::moved);
  EXPECT_EQ(standsOn(), 2);
}

TEST_F(RolloutGateTest, whoMayNotWriteStartsNothing) {
  thrown(Code::denied, [&] { gate_->move(as("rita"), start()); });
}

}  // namespace
}  // namespace regesta::governance

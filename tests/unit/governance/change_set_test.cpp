// Moves that happen together or not at all.
#include "governance/change_request.h"
#include "governance/decision.h"
#include "support/governance_test.h"

namespace regesta::governance {
namespace {

using Kind = Gate::Outcome::Kind;

const std::string needsRisk = R"(
require contains {"code": "risk", "msg": "a risk officer approves", "approvals": {"role": "risk", "count": 1, "not_author": true}}
)";
const std::string needsRiskForLoans = R"(
require contains {"code": "risk", "msg": "a risk officer approves", "approvals": {"role": "risk", "count": 1, "not_author": true}} if input.pointer.name == "loan-risk"
deny contains {"code": "bad", "msg": "this is bad"} if input.candidate.tags.bad == "yes"
)";

class ChangeSetTest : public GovernanceTest {
 protected:
  std::string story() const override { return "two models"; }
  void tell() override {
    makePeople();
    addVersion("loan-risk");
    addVersion("summary");
  }
  std::vector<Gate::Move> both() { return {move("loan-risk"), move("summary")}; }
  Gate::Move move(const std::string& name, std::int64_t number = 1) {
    return {.key = key(name), .pointer = registry::Pointer::alias("production"), .to = number};
  }
  std::int64_t at(const std::string& name) {
    return read([&](db::Transaction& transaction) {
      return registry::holderOf(transaction, registry::getAsset(transaction, key(name)),
                                registry::Pointer::alias("production"));
    });
  }
  ChangeRequest request(std::int64_t id) {
    return read([&](db::Transaction& transaction) { return getChangeRequest(transaction, id); });
  }
  RequestStatus statusOf(const Gate::Outcome& outcome) { return request(outcome.changeRequest).status; }
};

TEST_F(ChangeSetTest, whatNothingProtectsMovesAtOnce) {
  auto outcomes = gate_->moveTogether(as("anna"), both());
  ASSERT_EQ(outcomes.size(), 2U);
  EXPECT_EQ(outcomes[0].kind, Kind::moved);
  EXPECT_EQ(outcomes[1].kind, Kind::moved);
  EXPECT_EQ(at("loan-risk"), 1);
  EXPECT_EQ(at("summary"), 1);
}

TEST_F(ChangeSetTest, allWaitUntilTheLastOneMay) {
  guard(needsRisk);
  auto outcomes = gate_->moveTogether(as("anna"), both());
  ASSERT_EQ(outcomes[0].kind, Kind::pending);
  ASSERT_EQ(outcomes[1].kind, Kind::pending);
  EXPECT_EQ(request(outcomes[0].changeRequest).changeSet, request(outcomes[1].changeRequest).changeSet);

  auto first = gate_->approve(outcomes[0].changeRequest, as("rita"), "", "");
  EXPECT_EQ(first.kind, Kind::pending);
  ASSERT_FALSE(first.requirements.empty());
  EXPECT_EQ(first.requirements.back().code, "change-set");
  EXPECT_EQ(at("loan-risk"), 0);
  EXPECT_EQ(at("summary"), 0);

  auto second = gate_->approve(outcomes[1].changeRequest, as("rita"), "", "");
  EXPECT_EQ(second.kind, Kind::moved);
  EXPECT_EQ(at("loan-risk"), 1);
  EXPECT_EQ(at("summary"), 1);
  for (const Gate::Outcome& outcome : outcomes) EXPECT_EQ(statusOf(outcome), RequestStatus::applied);
  auto moved = ledger("alias.moved");
  ASSERT_EQ(moved.size(), 2U);
  for (const json::object& entry : moved) {
    auto decision = read([&](db::Transaction& transaction) {
      return findDecision(transaction, entry.at("data").at("decision").as_string().c_str());
    });
    ASSERT_TRUE(decision);
    EXPECT_EQ(decision->result, DecisionResult::allowed);
  }
}

TEST_F(ChangeSetTest, oneThatMayMoveWaitsForTheOthers) {
  guard(needsRiskForLoans);
  auto outcomes = gate_->moveTogether(as("anna"), both());
  EXPECT_EQ(outcomes[1].kind, Kind::pending);
  EXPECT_EQ(outcomes[1].requirements.back().code, "change-set");
  EXPECT_EQ(gate_->retry(outcomes[1].changeRequest, as("anna")).kind, Kind::pending);
  EXPECT_EQ(at("summary"), 0);
  auto decision = read([&](db::Transaction& transaction) { return findDecision(transaction, outcomes[1].decision); });
  ASSERT_TRUE(decision);
  EXPECT_EQ(decision->result, DecisionResult::pending);
  EXPECT_TRUE(replayDecision(*store_, engine(), *decision).same);
  EXPECT_EQ(gate_->approve(outcomes[0].changeRequest, as("rita"), "", "").kind, Kind::moved);
  EXPECT_EQ(at("summary"), 1);
}

TEST_F(ChangeSetTest, aDenialMovesNothingAndOpensNothing) {
  guard(needsRiskForLoans);
  change([&](registry::Change& c) {
    registry::createVersion(c, registry::getAsset(c.transaction, key("summary")),
                            {.source = "s3://bucket/bad", .tags = {{"bad", "yes"}}});
  });
  auto outcomes = gate_->moveTogether(as("anna"), {move("loan-risk"), move("summary", 2)});
  EXPECT_EQ(outcomes[0].kind, Kind::pending);
  EXPECT_EQ(outcomes[0].changeRequest, 0);
  EXPECT_EQ(outcomes[1].kind, Kind::refused);
  EXPECT_EQ(at("loan-risk"), 0);
  EXPECT_EQ(at("summary"), 0);
  EXPECT_TRUE(ledger("change-request.opened").empty());
  EXPECT_EQ(ledger("alias.move-refused").size(), 1U);
}

TEST_F(ChangeSetTest, aSetEndsWithItsFirstRequestThatEnds) {
  guard(needsRisk);
  auto outcomes = gate_->moveTogether(as("anna"), both());
  gate_->reject(outcomes[1].changeRequest, as("rita"), "not now");
  EXPECT_EQ(statusOf(outcomes[1]), RequestStatus::rejected);
  EXPECT_EQ(statusOf(outcomes[0]), RequestStatus::stale);
  thrown(Code::invalidState, [&] { gate_->approve(outcomes[0].changeRequest, as("rita"), "", ""); });
  EXPECT_EQ(ledger("change-request.stale").size(), 1U);
}

TEST_F(ChangeSetTest, approvalsOfASetDoNotMoveOneAlone) {
  guard(needsRisk);
  auto outcomes = gate_->moveTogether(as("anna"), both());
  gate_->approve(outcomes[0].changeRequest, as("rita"), "", "");
  auto alone = gate_->move(as("anna"), move("loan-risk"));  // the same move, asked by itself
  EXPECT_EQ(alone.kind, Kind::pending);
  EXPECT_NE(alone.changeRequest, outcomes[0].changeRequest);
  EXPECT_EQ(at("loan-risk"), 0);
  EXPECT_EQ(gate_->approve(alone.changeRequest, as("rita"), "", "").kind, Kind::moved);
  EXPECT_EQ(statusOf(outcomes[0]), RequestStatus::stale);  // its pointer moved in the meantime
  EXPECT_EQ(statusOf(outcomes[1]), RequestStatus::stale);
  EXPECT_EQ(at("summary"), 0);
}

TEST_F(ChangeSetTest, whatIsMovedAwayMeanwhileEndsTheSet) {
  guard(needsRiskForLoans);
  auto outcomes = gate_->moveTogether(as("anna"), both());
  gate_->move(as("anna"), move("summary"));
  EXPECT_EQ(at("summary"), 1);
  thrown(Code::invalidState, [&] { gate_->approve(outcomes[0].changeRequest, as("rita"), "", ""); });
  EXPECT_EQ(at("loan-risk"), 0);
}

TEST_F(ChangeSetTest, whoLostTheRightToOneMovesNone) {
  guard(needsRisk);
  auto outcomes = gate_->moveTogether(as("anna"), both());
  gate_->approve(outcomes[0].changeRequest, as("rita"), "", "");
  addUser("anna", "viewer-of-nothing");
  EXPECT_EQ(gate_->approve(outcomes[1].changeRequest, as("rita"), "", "").kind, Kind::pending);
  EXPECT_EQ(at("loan-risk"), 0);
  EXPECT_EQ(at("summary"), 0);
}

TEST_F(ChangeSetTest, nothingProtectedMayBeHeldByNothing) {
  change(
      [&](registry::Change& c) {
        addPolicy(c, needsRisk);
        bind(c, {.kind = "model",
                 .namePattern = "loan-*",
                 .pointer = registry::Pointer::alias("production"),
                 .policy = "gate"});
      },
      "root");
  thrown(Code::invalidState, [&] { gate_->moveTogether(as("anna"), both()); });
  EXPECT_EQ(at("summary"), 0);
  EXPECT_TRUE(ledger("change-request.opened").empty());
}

TEST_F(ChangeSetTest, malformedSetsAreRefused) {
  thrown(Code::invalid, [&] { gate_->moveTogether(as("anna"), {}); });
  thrown(Code::invalid, [&] { gate_->moveTogether(as("anna"), {move("summary"), move("summary")}); });
  std::vector<Gate::Move> broken = both();
  broken[1].breakGlass = true;
  thrown(Code::invalid, [&] { gate_->moveTogether(as("root"), broken); });
  thrown(Code::invalid, [&] { gate_->moveTogether(as("anna"), std::vector<Gate::Move>(21, move("summary"))); });
  thrown(Code::denied, [&] { gate_->moveTogether(as("rita"), both()); });
  thrown(Code::notFound, [&] { gate_->moveTogether(as("anna"), {move("loan-risk"), move("summary", 9)}); });
  EXPECT_EQ(at("loan-risk"), 0);
}

}  // namespace
}  // namespace regesta::governance

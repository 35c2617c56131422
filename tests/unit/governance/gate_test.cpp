#include <thread>

#include "governance/approver.h"
#include "governance/change_request.h"
#include "governance/decision.h"
#include "support/governance_test.h"

namespace regesta::governance {
namespace {

const std::string needsRisk = R"(
require contains {"code": "risk", "msg": "a risk officer approves", "approvals": {"role": "risk", "count": 1, "not_author": true}}
)";

class GateTest : public GovernanceTest {
 protected:
  std::string story() const override { return "people"; }
  void tell() override { makePeople(); }
  void burst();
  ChangeRequest request(std::int64_t id) {
    return read([&](db::Transaction& transaction) { return getChangeRequest(transaction, id); });
  }
};

TEST_F(GateTest, anUnguardedPointerMovesAtOnce) {
  addVersion();
  auto outcome = gate_->move(as("anna"), to(1));
  EXPECT_EQ(outcome.kind, Kind::moved);
  EXPECT_FALSE(outcome.isProtected);
  EXPECT_EQ(standsOn(), 1);
  EXPECT_EQ(gate_->move(as("anna"), to(1)).kind, Kind::unchanged);
  EXPECT_EQ(gate_->move(as("anna"), to(0)).kind, Kind::moved);
  EXPECT_EQ(standsOn(), 0);
  EXPECT_EQ(gate_->move(as("anna"), to(0)).kind, Kind::unchanged);
}

TEST_F(GateTest, whoMayNotWriteMovesNothing) {
  addVersion();
  thrown(Code::denied, [&] { gate_->move(as("rita"), to(1)); });
  EXPECT_EQ(standsOn(), 0);
}

TEST_F(GateTest, missingThingsAndBadNames) {
  addVersion();
  thrown(Code::notFound, [&] { gate_->move(as("anna"), to(9)); });
  thrown(Code::notFound, [&] {
    gate_->move(as("anna"), {.key = key("nothing"), .pointer = registry::Pointer::alias("production"), .to = 1});
  });
  thrown(Code::invalid, [&] { gate_->move(as("anna"), to(1, "../x")); });
  thrown(Code::invalid, [&] { gate_->move(as("anna"), to(1, "stage:Nowhere")); });
  thrown(Code::invalid, [&] { gate_->move(as("anna"), to(0, "stage:Production")); });
}

TEST_F(GateTest, aDenialIsRecordedWithItsDecisionAndSaysEverything) {
  addVersion();
  guard(R"(
deny contains {"code": "accuracy", "msg": "accuracy was not measured", "remediation": "regesta evidence evaluate"} if not input.candidate.metrics.verified.accuracy
deny contains "no card" if not input.candidate.card
warn contains {"code": "note", "msg": "just saying"}
)");
  auto outcome = gate_->move(as("anna"), to(1));
  EXPECT_EQ(outcome.kind, Kind::refused);
  EXPECT_EQ(outcome.verdict.deny.size(), 2U);
  EXPECT_EQ(outcome.verdict.warn.size(), 1U);
  EXPECT_EQ(outcome.changeRequest, 0);
  EXPECT_EQ(standsOn(), 0);

  auto refused = ledger("alias.move-refused");
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused[0].at("subject").as_string(), "model/loan-risk#production");
  EXPECT_EQ(refused[0].at("actor").as_string(), "user:anna");
  EXPECT_EQ(refused[0].at("data").at("decision").as_string(), outcome.decision);
  auto decision = read([&](db::Transaction& transaction) { return findDecision(transaction, outcome.decision); });
  ASSERT_TRUE(decision);
  EXPECT_EQ(decision->result, DecisionResult::refused);
  EXPECT_TRUE(replayDecision(*store_, engine(), *decision).same);

  std::string text = thrown(Code::refused, [&] { gate_->moveOrThrow(as("anna"), to(1)); });
  EXPECT_NE(text.find("accuracy was not measured"), std::string::npos);
  EXPECT_NE(text.find("regesta evidence evaluate"), std::string::npos);
  EXPECT_NE(text.find("no card"), std::string::npos);
}

TEST_F(GateTest, aBrokenOrMissingPolicyKeepsTheGateClosed) {
  addVersion();
  guard("deny contains {\"code\": 1} if true\n");  // a finding without code and msg text
  EXPECT_EQ(gate_->move(as("anna"), to(1)).kind, Kind::refused);
  sql("DELETE FROM asset WHERE kind = 'policy'");
  auto outcome = gate_->move(as("anna"), to(1));
  EXPECT_EQ(outcome.kind, Kind::refused);
  EXPECT_NE(outcome.verdict.error.find("policy/gate"), std::string::npos);
  EXPECT_EQ(standsOn(), 0);
}

TEST_F(GateTest, theLastApprovalMovesThePointer) {
  addVersion();
  guard(needsRisk);
  auto asked = gate_->move(
      as("anna"),
      {.key = key(), .pointer = registry::Pointer::alias("production"), .to = 1, .reason = "first release"});
  ASSERT_EQ(asked.kind, Kind::pending);
  ASSERT_NE(asked.changeRequest, 0);
  EXPECT_FALSE(asked.requirements.at(0).met);
  EXPECT_EQ(
      gate_
          ->move(as("anna"),
                 {.key = key(), .pointer = registry::Pointer::alias("production"), .to = 1, .reason = "first release"})
          .changeRequest,
      asked.changeRequest);
  EXPECT_EQ(ledger("change-request.opened").size(), 1U);
  std::string text = thrown(Code::refused, [&] { gate_->moveOrThrow(as("anna"), to(1)); });
  EXPECT_NE(text.find("a risk officer approves"), std::string::npos);
  EXPECT_NE(text.find(gate_->changeRequestUrl(asked.changeRequest)), std::string::npos);

  auto done = gate_->approve(asked.changeRequest, as("rita"), "looks fair", "risk");
  EXPECT_EQ(done.kind, Kind::moved);
  EXPECT_EQ(standsOn(), 1);
  EXPECT_EQ(request(asked.changeRequest).status, RequestStatus::applied);
  auto applied = ledger("change-request.applied");
  ASSERT_EQ(applied.size(), 1U);
  EXPECT_EQ(applied[0].at("data").at("requested_by").as_string(), "user:anna");
  EXPECT_EQ(applied[0].at("data").at("approvals").at(0).at("by").as_string(), "user:rita");
  auto moved = ledger("alias.moved");
  ASSERT_EQ(moved.size(), 1U);
  EXPECT_EQ(moved[0].at("data").at("decision").as_string(), done.decision);
  thrown(Code::invalidState, [&] { gate_->approve(asked.changeRequest, as("carl"), "", ""); });
}

TEST_F(GateTest, authorsAndOthersWithoutTheRoleDoNotCount) {
  addVersion("loan-risk", "carl");
  guard(needsRisk);
  auto asked = gate_->move(as("carl"), to(1));
  thrown(Code::denied, [&] { gate_->approve(asked.changeRequest, as("carl"), "I like it", ""); });
  thrown(Code::denied, [&] { gate_->approve(asked.changeRequest, as("anna"), "", ""); });
  thrown(Code::denied, [&] { gate_->approve(asked.changeRequest, as("rita"), "", "legal"); });
  // An admin may approve, but is no risk officer.
  EXPECT_EQ(gate_->approve(asked.changeRequest, as("root"), "", "").kind, Kind::pending);
  thrown(Code::exists, [&] { gate_->approve(asked.changeRequest, as("root"), "", ""); });
  EXPECT_EQ(standsOn(), 0);
  // Whoever calls a server without users may do everything, but is no second person.
  access::Identity local{registry::Actor::local("ann"), {}, true};
  for (std::string_view role : {"", "admin", "risk"}) {
    std::string why = thrown(Code::denied, [&] { gate_->approve(asked.changeRequest, local, "", role); });
    EXPECT_TRUE(role == "risk" || why.find("needs an approval in the role 'risk'") != why.npos) << why;
  }
  read([&](db::Transaction& transaction) {
    ChangeRequest open = getChangeRequest(transaction, asked.changeRequest);
    EXPECT_EQ(approvalsOf(transaction, open.id).size(), 1u);
    EXPECT_FALSE(reviewRights(transaction, open, local).mayApprove);
    EXPECT_TRUE(reviewRights(transaction, open, as("root")).mayApprove);
    return true;
  });
  EXPECT_EQ(gate_->approve(asked.changeRequest, as("rita"), "", "").kind, Kind::moved);
}

TEST_F(GateTest, onePersonFillsOneRole) {
  addVersion();
  addUser("rita", "risk", "legal");
  guard(needsRisk + R"(require contains {"code": "legal", "msg": "legal approves", "approvals": {"role": "legal"}})");
  auto asked = gate_->move(as("anna"), to(1));
  access::Identity rita = as("rita");
  rita.grants.push_back({"legal", "*", "*"});
  auto outcome = gate_->approve(asked.changeRequest, rita, "", "");
  EXPECT_EQ(outcome.kind, Kind::pending);
  EXPECT_EQ(std::ranges::count_if(outcome.requirements, [](const Requirement& r) { return r.met; }), 1);
  // Carl has only risk, so rita's approval turns to legal.
  EXPECT_EQ(gate_->approve(asked.changeRequest, as("carl"), "", "").kind, Kind::moved);
}

TEST_F(GateTest, twoPoliciesBothCount) {
  addVersion();
  guard(needsRisk, "production", "one");
  guard(R"(deny contains {"code": "no", "msg": "never on a friday"} if input.candidate.version == 1)", "production",
        "two");
  auto outcome = gate_->move(as("anna"), to(1));
  EXPECT_EQ(outcome.kind, Kind::refused);
  EXPECT_EQ(outcome.requirements.size(), 1U);
  addVersion();
  EXPECT_EQ(gate_->move(as("anna"), to(2)).kind, Kind::pending);
}

TEST_F(GateTest, aRequestWhosePointerMovedIsStale) {
  addVersion();
  addVersion();
  guard(needsRisk);
  auto first = gate_->move(as("anna"), to(1));
  auto second = gate_->move(as("anna"), to(2));
  EXPECT_NE(first.changeRequest, second.changeRequest);
  EXPECT_EQ(gate_->approve(second.changeRequest, as("rita"), "", "").kind, Kind::moved);
  EXPECT_EQ(request(first.changeRequest).status, RequestStatus::stale);
  thrown(Code::invalidState, [&] { gate_->approve(first.changeRequest, as("rita"), "", ""); });
  EXPECT_EQ(standsOn(), 2);
}

TEST_F(GateTest, aLostRoleTakesItsApprovalAway) {
  addVersion();
  guard(R"(require contains {"code": "risk", "msg": "two", "approvals": {"role": "risk", "count": 2}})");
  auto asked = gate_->move(as("anna"), to(1));
  EXPECT_EQ(gate_->approve(asked.changeRequest, as("rita"), "", "").kind, Kind::pending);
  addUser("rita", "reader");
  EXPECT_EQ(gate_->approve(asked.changeRequest, as("carl"), "", "").kind, Kind::pending);
  EXPECT_EQ(standsOn(), 0);
  addUser("rita", "risk");
  EXPECT_EQ(gate_->retry(asked.changeRequest, as("anna")).kind, Kind::moved);
}

TEST_F(GateTest, tokensAreNoPersons) {
  addVersion();
  guard(needsRisk);
  auto asked = gate_->move(as("anna"), to(1));
  access::Identity token{{"token:ci"}, {{"risk", "*", "*"}}, false};
  EXPECT_NE(
      thrown(Code::denied, [&] { gate_->approve(asked.changeRequest, token, "", ""); }).find("only users can approve"),
      std::string::npos);
  EXPECT_EQ(standsOn(), 0);
}

TEST_F(GateTest, approvalsAtTheSameMomentAllSucceed) {
  guard(R"(require contains {"code": "risk", "msg": "two", "approvals": {"role": "risk", "count": 2}})");
  for (int round = 1; round <= 5; ++round) {
    addVersion();
    auto asked = gate_->move(as("anna"), to(round));
    std::vector<std::thread> threads;
    std::atomic<int> moved = 0;
    for (std::string who : {"rita", "carl"})
      threads.emplace_back(
          [&, who] { moved += gate_->approve(asked.changeRequest, as(who), "", "").kind == Kind::moved ? 1 : 0; });
    for (auto& thread : threads) thread.join();
    EXPECT_GE(moved, 1);
    EXPECT_EQ(standsOn(), round);
  }
  EXPECT_EQ(ledger("alias.moved").size(), 5U);
}

TEST_F(GateTest, aChangedPolicyDecidesAnewWhenTheApprovalComes) {
  addVersion();
  guard(needsRisk);
  auto asked = gate_->move(as("anna"), to(1));
  change(
      [&](registry::Change& c) {
        addPolicy(c, needsRisk + R"(deny contains {"code": "freeze", "msg": "code freeze"})");
      },
      "root");
  auto outcome = gate_->approve(asked.changeRequest, as("rita"), "", "");
  EXPECT_EQ(outcome.kind, Kind::refused);
  EXPECT_EQ(standsOn(), 0);
  EXPECT_EQ(request(asked.changeRequest).status, RequestStatus::open);
}

TEST_F(GateTest, missingEvidenceIsARequirementThatUploadingMeets) {
  addVersion();
  guard(R"(require contains {"code": "card", "msg": "a model card exists", "evidence": {"type": "card"}})");
  auto asked = gate_->move(as("anna"), to(1));
  ASSERT_EQ(asked.kind, Kind::pending);
  addClaim(1, "card", "# Loan risk\nScores applications.");
  gate_->reconsider(key(), 1);
  EXPECT_EQ(standsOn(), 1);
  EXPECT_EQ(request(asked.changeRequest).status, RequestStatus::applied);
}

TEST_F(GateTest, claimedEvidenceIsNotVerified) {
  addVersion();
  guard(R"(
require contains {"code": "eval", "msg": "evaluated here", "evidence": {"type": "evaluation", "verified": true}}
deny contains {"code": "claims", "msg": "claims leak"} if input.candidate.metrics.verified.accuracy
)");
  addClaim(1, "evaluation", {{"metrics", {{"accuracy", 0.99}}}});
  auto outcome = gate_->move(as("anna"), to(1));
  EXPECT_EQ(outcome.kind, Kind::pending);
  auto decision = read([&](db::Transaction& transaction) { return findDecision(transaction, outcome.decision); });
  json::value body = parseJson(decision->body);
  EXPECT_EQ(body.at("inputs").at(0).at("candidate").at("metrics").at("claimed").at("accuracy").as_double(), 0.99);
}

TEST_F(GateTest, rejectAndWithdrawClose) {
  addVersion();
  guard(needsRisk);
  auto asked = gate_->move(as("anna"), to(1));
  thrown(Code::denied, [&] { gate_->reject(asked.changeRequest, as("anna"), ""); });
  gate_->reject(asked.changeRequest, as("rita"), "not like this");
  EXPECT_EQ(request(asked.changeRequest).status, RequestStatus::rejected);
  EXPECT_EQ(request(asked.changeRequest).note, "not like this");
  auto again = gate_->move(as("anna"), to(1));
  EXPECT_NE(again.changeRequest, asked.changeRequest);
  thrown(Code::denied, [&] { gate_->withdraw(again.changeRequest, as("carl"), ""); });
  gate_->withdraw(again.changeRequest, as("anna"), "");
  EXPECT_EQ(request(again.changeRequest).status, RequestStatus::withdrawn);
  thrown(Code::notFound, [&] { gate_->approve(999, as("rita"), "", ""); });
}

TEST_F(GateTest, rollbackPassesTheGateWithItsOwnAction) {
  addVersion();
  addVersion();
  guard(R"(warn contains "seen")", "production", "seen");  // what was held before any policy was bound does not count
  gate_->move(as("anna"), to(1));
  gate_->move(as("anna"), to(2));
  guard(R"(
going_back if { input.action == "rollback"; input.candidate.version in input.held_before }
deny contains {"code": "frozen", "msg": "frozen"} if not going_back
)");
  EXPECT_EQ(gate_->move(as("anna"), to(1)).kind, Kind::refused);
  auto outcome = gate_->rollback(as("anna"), key(), registry::Pointer::alias("production"), "it was wrong");
  EXPECT_EQ(outcome.kind, Kind::moved);
  EXPECT_EQ(standsOn(), 1);
  addVersion();
  EXPECT_NE(thrown(Code::invalidState,
                   [&] { gate_->rollback(as("anna"), key(), registry::Pointer::alias("production"), "", 3); })
                .find("never pointed"),
            std::string::npos);
  thrown(Code::invalidState, [&] { gate_->rollback(as("anna"), key(), registry::Pointer::alias("never-set"), ""); });
}

TEST_F(GateTest, removingAGuardedAliasIsAsked) {
  addVersion();
  gate_->move(as("anna"), to(1));
  guard(R"(deny contains {"code": "stay", "msg": "production always stands"} if input.action == "remove")");
  EXPECT_EQ(gate_->move(as("anna"), to(0)).kind, Kind::refused);
  EXPECT_EQ(standsOn(), 1);
}

TEST_F(GateTest, leavingAGuardedStageIsAsked) {
  addVersion();
  addVersion();
  gate_->move(as("anna"), to(1, "stage:Production"));
  gate_->move(as("anna"), to(2, "stage:Production"));
  guard(
      R"(deny contains {"code": "stay", "msg": "it serves customers"} if { input.action == "remove"; input.current.version == 1 })",
      "stage:Production");
  EXPECT_EQ(gate_->move(as("anna"), to(1, "stage:Archived")).kind, Kind::refused);
  EXPECT_EQ(gate_->move(as("anna"), to(1, "stage:None")).kind, Kind::refused);
  EXPECT_EQ(ledger("stage.move-refused").size(), 2U);
  EXPECT_EQ(gate_->move(as("anna"), to(2, "stage:archived")).kind, Kind::moved);
  EXPECT_EQ(standsOn("stage:Archived"), 2);
}

TEST_F(GateTest, onlyAdministratorsMovePolicyPointers) {
  guard(needsRisk);
  Gate::Move move{
      .key = {"default", registry::Kind::policy, "gate"}, .pointer = registry::Pointer::alias("approved"), .to = 1};
  thrown(Code::denied, [&] { gate_->move(as("carl"), move); });
  EXPECT_EQ(gate_->move(as("root"), move).kind, Kind::moved);
}

TEST_F(GateTest, aPreviewChangesNothing) {
  addVersion();
  guard(needsRisk);
  std::size_t before = ledger().size();
  auto outcome = gate_->preview(as("rita"), to(1));
  EXPECT_EQ(outcome.kind, Kind::pending);
  EXPECT_EQ(outcome.changeRequest, 0);
  EXPECT_EQ(ledger().size(), before);
  EXPECT_FALSE(read([&](db::Transaction& transaction) { return findDecision(transaction, outcome.decision); }));
}

class PostgresGateTest : public GateTest {
 protected:
  bool onPostgres() const override { return true; }
};
TEST_F(GateTest, aBurstOfMovesEndsWhereTheLedgerSays) { burst(); }
TEST_F(PostgresGateTest, aBurstOfMovesEndsWhereTheLedgerSays) { burst(); }

void GateTest::burst() {
  for (int i = 0; i < 4; ++i) addVersion();
  guard(R"(warn contains {"code": "seen", "msg": "seen"})");
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      for (int round = 0; round < 5; ++round) try {
          gate_->move(as("anna"), to(1 + (i + round) % 4));
        } catch (const Error& late) {  // the others were faster too often: told, and nothing happened
          EXPECT_EQ(late.code, Code::conflict) << late.message;
        }
    });
  for (auto& thread : threads) thread.join();
  auto moved = ledger("alias.moved");
  EXPECT_GE(moved.size(), 4U);
  std::int64_t stands = 0;
  for (const json::object& entry : moved) {
    EXPECT_EQ(entry.at("data").at("from").to_number<std::int64_t>(), stands);
    stands = entry.at("data").at("to").to_number<std::int64_t>();
  }
  EXPECT_EQ(standsOn(), stands);
}

}  // namespace
}  // namespace regesta::governance

#include "governance/waiver.h"

#include <condition_variable>
#include <future>
#include <thread>

#include "base/time.h"
#include "governance/break_glass.h"
#include "governance/change_request.h"
#include "governance/decision.h"
#include "governance/request_clock.h"
#include "support/governance_test.h"

namespace regesta::governance {
namespace {

const std::string lateData = R"(
deny contains {"code": "fairness", "msg": "no fairness report"}
)";
constexpr std::int64_t hourMillis = 3'600'000;

class WaiverTest : public GovernanceTest {
 protected:
  std::string story() const override { return "waivers"; }
  void tell() override { makePeople(); }

  Waiver draft(std::int64_t expiresAt = nowMillis() + hourMillis) {
    Waiver waiver;
    waiver.workspace = "default";
    waiver.kind = "model";
    waiver.namePattern = "loan-*";
    waiver.pointer = registry::Pointer::alias("production");
    waiver.code = "fairness";
    waiver.role = "risk";
    waiver.reason = "the audit data is late";
    waiver.expiresAt = expiresAt;
    return waiver;
  }
  std::int64_t request(const Waiver& waiver) {
    return change([&](registry::Change& c) { return requestWaiver(c, as("anna"), waiver).id; });
  }
  void approve(std::int64_t id, const std::string& who = "rita") {
    change([&](registry::Change& c) { approveWaiver(c, as(who), "default", id, ""); }, who);
  }
  std::int64_t grant(const Waiver& waiver) {
    std::int64_t id = request(waiver);
    approve(id);
    return id;
  }
  Decision decision(const std::string& digest) {
    return read([&](db::Transaction& transaction) { return findDecision(transaction, digest).value(); });
  }
};

TEST_F(WaiverTest, aDeniedRulePassesAndTheDecisionSaysBecauseOfWhat) {
  addVersion();
  guard(lateData);
  EXPECT_EQ(gate_->move(as("anna"), to(1)).kind, Kind::refused);
  std::int64_t id = request(draft());
  EXPECT_EQ(gate_->move(as("anna"), to(1)).kind, Kind::refused);  // not approved yet
  approve(id);
  auto outcome = gate_->move(as("anna"), to(1));
  EXPECT_EQ(outcome.kind, Kind::moved);
  ASSERT_EQ(outcome.waived.size(), 1U);
  EXPECT_EQ(outcome.waived[0].waiver, id);
  EXPECT_EQ(outcome.waived[0].policy, "policy/gate@1");
  Decision made = decision(outcome.decision);
  EXPECT_NE(made.body.find(
                R"("waivers":[{"code":"fairness","msg":"no fairness report","policy":"policy/gate@1","waiver":1}])"),
            std::string::npos)
      << made.body;
  EXPECT_TRUE(replayDecision(*store_, engine(), made).same);
}

TEST_F(WaiverTest, itCoversItsCodePointerVersionAndPolicyOnly) {
  addVersion();
  addVersion();
  guard(lateData);
  auto refusedWith = [&](auto alter) {
    Waiver waiver = draft();
    waiver.namePattern = "loan-risk";
    alter(waiver);
    std::int64_t id = grant(waiver);
    EXPECT_EQ(gate_->move(as("anna"), to(1)).kind, Kind::refused);
    change([&](registry::Change& c) { revokeWaiver(c, as("rita"), "default", id, "done"); }, "rita");
  };
  refusedWith([](Waiver& waiver) { waiver.code = "other"; });
  refusedWith([](Waiver& waiver) { waiver.pointer = registry::Pointer::alias("staging"); });
  refusedWith([](Waiver& waiver) { waiver.version = 2; });
  refusedWith([](Waiver& waiver) { waiver.policy = "other"; });
  refusedWith([](Waiver& waiver) { waiver.namePattern = "loan-ris"; });
  refusedWith([](Waiver& waiver) { waiver.kind = "prompt"; });
  Waiver fitting = draft();
  fitting.namePattern = "loan-risk";
  fitting.version = 1;
  fitting.policy = "gate";
  grant(fitting);
  EXPECT_EQ(gate_->move(as("anna"), to(1)).kind, Kind::moved);
}

TEST_F(WaiverTest, aPolicySaysWhatNobodyOrOnlyOneRoleMayWaive) {
  addVersion();
  guard(R"(deny contains {"code": "fairness", "msg": "never", "waiver": false})");
  grant(draft());
  EXPECT_EQ(gate_->move(as("anna"), to(1)).kind, Kind::refused);
  addVersion();
  guard(R"(deny contains {"code": "fairness", "msg": "by legal", "waiver": {"role": "legal"}})", "staging", "legal");
  Waiver staging = draft();
  staging.pointer = registry::Pointer::alias("staging");
  grant(staging);
  EXPECT_EQ(gate_->move(as("anna"), to(2, "staging")).kind, Kind::refused);
}

TEST_F(WaiverTest, anotherPersonWithTheRoleApproves) {
  std::int64_t id = request(draft());
  thrown(Code::denied, [&] { approve(id, "anna"); });  // does not hold the role
  thrown(Code::denied, [&] { approve(id, "root"); });  // neither does an administrator
  std::int64_t own = change([&](registry::Change& c) { return requestWaiver(c, as("carl"), draft()).id; }, "carl");
  thrown(Code::denied, [&] { approve(own, "carl"); });
  thrown(Code::denied, [&] {
    access::Identity token{{"token:ci"}, {{"risk", "*", "*"}}, false};
    store_->change(token.actor, [&](registry::Change& c) { approveWaiver(c, token, "default", id, ""); });
  });
  approve(id);
  thrown(Code::invalidState, [&] { approve(id); });
}

TEST_F(WaiverTest, theAuthorOfAVersionCannotWaiveItsViolations) {
  addVersion("loan-risk", "carl");
  addVersion("loan-risk", "anna");
  guard(lateData);
  std::int64_t id = request(draft());
  approve(id, "carl");
  EXPECT_EQ(gate_->move(as("anna"), to(1)).kind, Kind::refused);
  EXPECT_EQ(gate_->move(as("anna"), to(2)).kind, Kind::moved);
  Waiver named = draft();
  named.namePattern = "loan-risk";
  named.version = 1;
  std::int64_t second = request(named);
  thrown(Code::denied, [&] { approve(second, "carl"); });
}

TEST_F(WaiverTest, itEndsWithTheApproversRoleAndByRevocation) {
  addVersion();
  addVersion();
  guard(lateData);
  std::int64_t id = grant(draft());
  EXPECT_EQ(gate_->move(as("anna"), to(1)).kind, Kind::moved);
  addUser("rita", "reader");
  EXPECT_EQ(gate_->move(as("anna"), to(2)).kind, Kind::refused);
  addUser("rita", "risk");
  change([&](registry::Change& c) { revokeWaiver(c, as("anna"), "default", id, "the data is here"); });
  EXPECT_EQ(gate_->move(as("anna"), to(2)).kind, Kind::refused);
  EXPECT_EQ(ledger("waiver.requested").size(), 1U);
  EXPECT_EQ(ledger("waiver.granted").size(), 1U);
  EXPECT_EQ(ledger("waiver.revoked").size(), 1U);
}

TEST_F(WaiverTest, rowsThatOnlySqlWroteLetNothingPass) {
  addVersion();
  guard(lateData);
  std::int64_t id = request(draft());
  sql(fmt::format("UPDATE waiver SET status = 'approved', approved_by = 'user:rita', approved_at = 1 WHERE id = {}",
                  id));
  EXPECT_EQ(gate_->move(as("anna"), to(1)).kind, Kind::refused);
  std::int64_t other = grant(draft());
  sql(fmt::format("UPDATE waiver SET expires_at = expires_at + 86400000 WHERE id = {}", other));
  EXPECT_EQ(gate_->move(as("anna"), to(1)).kind, Kind::refused);
}

TEST_F(WaiverTest, aWaiverThatExpiresBetweenCheckAndMoveDoesNotCount) {
  addVersion();
  guard(lateData);
  std::int64_t end = nowMillis() + 1500;
  grant(draft(end));
  ASSERT_EQ(gate_->preview(as("anna"), to(1)).kind, Kind::moved);
  // Another change holds the writer until the waiver has expired: the check is made before, the move after.
  std::promise<void> holding;
  std::thread other([&] {
    bool told = false;
    change([&](registry::Change& c) {
      if (!told) holding.set_value();
      told = true;
      while (nowMillis() <= end) std::this_thread::yield();
      registry::createAsset(c, key("other"), "", {});
    });
  });
  holding.get_future().wait();
  auto outcome = gate_->move(as("anna"), to(1));
  other.join();
  EXPECT_EQ(outcome.kind, Kind::refused);
  EXPECT_TRUE(outcome.waived.empty());
  EXPECT_EQ(standsOn(), 0);
}

TEST_F(WaiverTest, badScopes) {
  auto refuse = [&](auto alter) {
    Waiver waiver = draft();
    alter(waiver);
    thrown(Code::invalid, [&] { request(waiver); });
  };
  refuse([](Waiver& waiver) { waiver.kind = "policy"; });
  refuse([](Waiver& waiver) { waiver.code.clear(); });
  refuse([](Waiver& waiver) { waiver.reason = " "; });
  refuse([](Waiver& waiver) { waiver.role = "contributor"; });
  refuse([](Waiver& waiver) { waiver.expiresAt = nowMillis(); });
  refuse([](Waiver& waiver) { waiver.expiresAt = nowMillis() + (longestWaiverDays + 1) * 24 * hourMillis; });
  refuse([](Waiver& waiver) { waiver.version = 1; });  // of a pattern
  thrown(Code::denied, [&] { change([&](registry::Change& c) { requestWaiver(c, as("rita"), draft()); }, "rita"); });
}

TEST_F(WaiverTest, breakGlassMovesAndOpensAReview) {
  addVersion();
  guard(lateData + R"(require contains {"code": "risk", "approvals": {"role": "risk"}})");
  Gate::Move move = to(1);
  move.breakGlass = true;
  move.reason = "outage 17";
  thrown(Code::denied, [&] { gate_->move(as("anna"), move); });
  Gate::Move silent = move;
  silent.reason.clear();
  thrown(Code::invalid, [&] { gate_->move(as("root"), silent); });
  auto outcome = gate_->move(as("root"), move);
  EXPECT_EQ(outcome.kind, Kind::moved);
  ASSERT_NE(outcome.breakGlass, 0);
  EXPECT_EQ(standsOn(), 1);
  EXPECT_TRUE(replayDecision(*store_, engine(), decision(outcome.decision)).same);
  EXPECT_EQ(read([](db::Transaction& transaction) { return openReviews(transaction); }), 1);

  auto review = [&](const std::string& who) {
    change(
        [&](registry::Change& c) {
          auto used = findBreakGlass(c.transaction, "default", outcome.breakGlass);
          reviewBreakGlass(c, as(who), *used, BreakGlassStatus::accepted, "it was needed");
        },
        who);
  };
  thrown(Code::denied, [&] { review("root"); });
  thrown(Code::denied, [&] { review("anna"); });
  review("rita");
  thrown(Code::invalidState, [&] { review("rita"); });
  EXPECT_EQ(read([](db::Transaction& transaction) { return openReviews(transaction); }), 0);
}

TEST_F(WaiverTest, aScheduledMoveWaitsForItsTimeAndItsApprovals) {
  addVersion();
  guard(R"(require contains {"code": "risk", "approvals": {"role": "risk"}})");
  Gate::Move move = to(1);
  move.notBefore = nowMillis() + 700;
  auto outcome = gate_->move(as("anna"), move);
  ASSERT_EQ(outcome.kind, Kind::pending);
  ASSERT_EQ(outcome.requirements.size(), 2U);
  EXPECT_EQ(outcome.requirements[1].code, "not-before");
  // Neither the approval nor asking again without the time moves it before.
  EXPECT_EQ(gate_->approve(outcome.changeRequest, as("rita"), "").kind, Kind::pending);
  EXPECT_EQ(gate_->move(as("anna"), to(1)).kind, Kind::pending);
  EXPECT_EQ(standsOn(), 0);
  RequestClock clock(*store_, *gate_, {});
  while (standsOn() == 0) clock.round();
  EXPECT_GE(nowMillis(), move.notBefore);
  auto request =
      read([&](db::Transaction& transaction) { return getChangeRequest(transaction, outcome.changeRequest); });
  EXPECT_EQ(request.status, RequestStatus::applied);
}

TEST_F(WaiverTest, anOpenRequestIsRememberedAndExpires) {
  addVersion();
  guard(R"(require contains {"code": "risk", "approvals": {"role": "risk"}})");
  auto outcome = gate_->move(as("anna"), to(1));
  RequestClock reminding(*store_, *gate_, {.remindMillis = 200});
  while (ledger("change-request.reminded").size() < 2) reminding.round();
  auto reminded = ledger("change-request.reminded");
  EXPECT_GE(parseTime(memberText(reminded[1], "time")).value() - parseTime(memberText(reminded[0], "time")).value(),
            200);
  RequestClock expiring(*store_, *gate_, {.expireMillis = 1});
  expiring.round();
  thrown(Code::invalidState, [&] { gate_->approve(outcome.changeRequest, as("rita"), ""); });
  EXPECT_EQ(ledger("change-request.expired").size(), 1U);
}

}  // namespace
}  // namespace regesta::governance

#include "governance/delegate.h"

#include "base/time.h"
#include "governance/approver.h"
#include "governance/change_request.h"
#include "governance/decision.h"
#include "support/governance_test.h"

namespace regesta::governance {
namespace {

constexpr std::int64_t delegateHour = 3'600'000;
const std::string riskApproves = R"(
require contains {"code": "risk", "msg": "risk approves", "approvals": {"role": "risk"}} if input.candidate
)";

class DelegateTest : public GovernanceTest {
 protected:
  std::string story() const override { return "delegates"; }
  void tell() override {
    makePeople();
    addUser("bob", "reader");
  }
  static access::Identity bob() { return {{"user:bob"}, {{"reader", "*", "*"}}, false}; }
  Delegation draft(std::int64_t startsAt = 0, std::int64_t endsAt = nowMillis() + delegateHour) {
    Delegation delegation;
    delegation.workspace = "default";
    delegation.delegate = "user:bob";
    delegation.startsAt = startsAt;
    delegation.endsAt = endsAt;
    return delegation;
  }
  Delegation add(const Delegation& delegation, const std::string& who = "rita") {
    return change([&](registry::Change& c) { return addDelegate(c, as(who), delegation); }, who);
  }
  void remove(std::int64_t id, const std::string& who = "rita") {
    change(
        [&](registry::Change& c) {
          return removeDelegate(c, as(who), findDelegate(c.transaction, "default", id).value());
        },
        who);
  }
  std::int64_t request(std::int64_t number = 1) { return gate_->move(as("anna"), to(number)).changeRequest; }
  Kind approve(std::int64_t id, const std::string& behalf = "user:rita") {
    return gate_->approve(id, bob(), "", "", "", nullptr, behalf).kind;
  }
  /// An approver who is away, a delegate, and what becomes of two requests.
  void tellOfTheHoliday();
};
class PostgresDelegateTest : public DelegateTest {
 protected:
  bool onPostgres() const override { return true; }
};

void DelegateTest::tellOfTheHoliday() {
  addVersion();
  addVersion();
  guard(riskApproves);
  std::int64_t first = request();
  thrown(Code::denied, [&] { approve(first); });
  Delegation holiday = add(draft());
  EXPECT_TRUE(read([&](db::Transaction& t) { return whyNotInForce(t, holiday, nowMillis()); }).empty());
  EXPECT_TRUE(read([&](db::Transaction& t) { return waitsFor(t, getChangeRequest(t, first), bob()); }));
  EXPECT_EQ(approve(first), Kind::moved);
  EXPECT_EQ(standsOn(), 1);
  std::vector<Approval> given = read([&](db::Transaction& t) { return approvalsOf(t, first); });
  ASSERT_EQ(given.size(), 1U);
  EXPECT_EQ(given[0].actor, "user:bob");
  EXPECT_EQ(given[0].onBehalfOf, "user:rita");
  std::vector<json::object> entries = ledger("approval.given");
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].at("data").at("on_behalf_of").as_string(), "user:rita");
  remove(holiday.id);
  std::int64_t second = request(2);
  thrown(Code::denied, [&] { approve(second); });
  EXPECT_FALSE(read([&](db::Transaction& t) { return waitsFor(t, getChangeRequest(t, second), bob()); }));
  EXPECT_EQ(standsOn(), 1);
}

TEST_F(DelegateTest, aDelegateApprovesUntilRemoved) { tellOfTheHoliday(); }
TEST_F(PostgresDelegateTest, aDelegateApprovesUntilRemoved) { tellOfTheHoliday(); }

TEST_F(DelegateTest, thePeriodIsThatOfTheClock) {
  std::int64_t now = nowMillis();
  Delegation later = add(draft(now + delegateHour, now + 2 * delegateHour));
  auto why = [&](std::int64_t at) { return read([&](db::Transaction& t) { return whyNotInForce(t, later, at); }); };
  EXPECT_EQ(why(now), "not started");
  EXPECT_EQ(why(now + delegateHour), "");
  EXPECT_EQ(why(now + 2 * delegateHour), "ended");
}

TEST_F(DelegateTest, onlyRolesThatApproveAndAreHeldPassOn) {
  thrown(Code::denied, [&] { add(draft(), "anna"); });  // contributor
  thrown(Code::denied, [&] { add(draft(), "root"); });  // administrators are not represented
  Delegation wrong = draft();
  wrong.role = "legal";
  thrown(Code::denied, [&] { add(wrong); });
  wrong.role = "admin";
  thrown(Code::invalid, [&] { add(wrong); });
  wrong = draft();
  wrong.delegate = "user:rita";
  thrown(Code::invalid, [&] { add(wrong); });
  wrong.delegate = "user:nobody";
  thrown(Code::invalid, [&] { add(wrong); });
  thrown(Code::invalid, [&] { add(draft(0, nowMillis() - 1)); });
  thrown(Code::invalid, [&] { add(draft(0, nowMillis() + 91 * 24 * delegateHour)); });
}

TEST_F(DelegateTest, nobodyIsBehindTwoApprovals) {
  addVersion();
  guard(
      R"(require contains {"code": "two", "msg": "two", "approvals": {"role": "risk", "count": 2}} if input.candidate)");
  std::int64_t id = request();
  add(draft());
  EXPECT_EQ(approve(id), Kind::pending);
  thrown(Code::exists, [&] { gate_->approve(id, as("rita"), ""); });
  // Even if the rows and entries were there, they would count once.
  change(
      [&](registry::Change& c) {
        ChangeRequest open = getChangeRequest(c.transaction, id);
        addApproval(c, open, {id, "user:rita", {"risk"}, "", open.bound(), open.decision, c.now, ""}, false);
      },
      "rita");
  EXPECT_EQ(gate_->retry(id, as("anna")).kind, Kind::pending);
  EXPECT_EQ(gate_->approve(id, as("carl"), "").kind, Kind::moved);
}

}  // namespace
}  // namespace regesta::governance

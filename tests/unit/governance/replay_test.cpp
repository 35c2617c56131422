#include "governance/replay.h"

#include "access/access.h"
#include "governance/comment.h"
#include "support/governance_test.h"
#include "tracking/run.h"
#include "tracking/seal.h"

namespace regesta::governance {
namespace {

/// A state with every governed table filled in, through the real doors.
class ReplayTest : public GovernanceTest {
 protected:
  std::string story() const override { return "replay"; }
  void tell() override {
    access::Access access(*store_, true);
    registry::Actor root{"user:root"};
    access.createUser({"local:root"}, "root", "correct horse", {{"admin", "*", "*"}});
    access.createUser(root, "anna", "correct horse", {{"contributor", "*", "*"}});
    access.createUser(root, "rita", "correct horse", {{"risk", "*", "*"}});
    access.setPassword(root, "rita", "battery staple");
    access.createToken(root, "ci", {{"reader", "*", "*"}}, 0);
    access.linkUser(root, "anna", {"https://id.example", "s-1"});
    access.createUser(root, "mia", access::Link{"https://id.example", ""}, {});
    access.openSession(
        access::Person{"https://id.example", "s-2", "mia", std::vector<access::Grant>{{"reader", "*", "*"}}}, {"1", 1});
    access.linkUser(root, "rita", {"https://id.example", "s-3"});
    access.unlinkUser(root, "rita");
    addVersion();
    addVersion();
    change([&](registry::Change& c) {
      registry::setVersionTag(c, registry::getVersion(c.transaction, key(), 1), "tier", "high");
    });
    guard(R"(require contains {"code": "risk", "msg": "risk approves", "approvals": {"role": "risk"}})");
    addClaim(1, "card", "# Card\nSays something.");
    auto asked = gate_->move(as("anna"), to(1));
    change(
        [&](registry::Change& c) { addComment(c, getChangeRequest(c.transaction, asked.changeRequest), "why now?"); });
    gate_->approve(asked.changeRequest, as("rita"), "fine", "");
    gate_->move(as("anna"), to(2));
    gate_->move(as("anna"), to(1, "stage:Staging"));
    gate_->move(as("root"),
                {.key = key(), .pointer = registry::Pointer::stage("Staging"), .to = 2, .archiveOthers = true});
  }
  std::vector<std::string> differences() {
    std::vector<std::string> found;
    for (const Difference& difference : compareWithDatabase(*database_).differences) found.push_back(difference.what);
    return found;
  }
  /// Changes the database by hand and returns the one difference that this makes.
  std::string after(const std::string& statement) {
    sql(statement);
    std::vector<std::string> found = differences();
    EXPECT_EQ(found.size(), 1U) << statement << "\n" << fmt::format("{}", fmt::join(found, "\n"));
    return found.empty() ? "" : found[0];
  }
};

/// The same on PostgreSQL, once: every statement of the gate, the approvals, the replay.
class PostgresReplayTest : public ReplayTest {
 protected:
  bool onPostgres() const override { return true; }
};
TEST_F(PostgresReplayTest, theWholeStoryHoldsThereToo) {
  EXPECT_EQ(differences(), std::vector<std::string>{});
  EXPECT_EQ(standsOn(), 1);
  EXPECT_NE(after("UPDATE alias SET number = 2").find("points to 2, the ledger says 1"), std::string::npos);
  auto outcome = gate_->rollback(as("anna"), key(), registry::Pointer::alias("production"), "", 1);
  EXPECT_EQ(outcome.kind, Kind::pending);
  EXPECT_EQ(gate_->approve(outcome.changeRequest, as("rita"), "back", "").kind, Kind::moved);
  access::Access access(*store_, true);
  EXPECT_EQ(access.users().size(), 4U);
}

#define EXPECT_HAS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

TEST_F(ReplayTest, anHonestDatabaseIsWhatTheLedgerSays) {
  Comparison comparison = compareWithDatabase(*database_);
  EXPECT_EQ(differences(), std::vector<std::string>{});
  EXPECT_GT(comparison.compared, 15);
}

TEST_F(ReplayTest, aMovedAliasIsNamed) {
  EXPECT_HAS(after("UPDATE alias SET number = 2"), "alias model/loan-risk#production points to 2, the ledger says 1");
}
TEST_F(ReplayTest, aUserWhoBecameSomebodyElsesIsNamed) {
  EXPECT_HAS(after("UPDATE user_link SET subject = 'mallory' WHERE subject = 's-1'"), "user/anna has link");
}
TEST_F(ReplayTest, aUserWhoWasLinkedByHandIsNamed) {
  EXPECT_HAS(after("INSERT INTO user_link (user_account, issuer, subject) "
                   "SELECT id, 'https://id.example', 'mallory' FROM user_account WHERE name = 'root'"),
             "user/root has link");
}
TEST_F(ReplayTest, aRemovedAliasIsNamed) {
  EXPECT_HAS(after("DELETE FROM alias"), "alias model/loan-risk#production is missing");
}
TEST_F(ReplayTest, anAliasFromNowhereIsNamed) {
  EXPECT_HAS(after("INSERT INTO alias (asset, name, number, moved_at, moved_by) SELECT asset, 'champion', 2, 0, "
                   "'user:anna' FROM alias"),
             "alias model/loan-risk#champion is in the database, but no ledger entry made it");
}
TEST_F(ReplayTest, anotherAuthorIsNamed) {
  EXPECT_HAS(after("UPDATE version SET created_by = 'user:eve' WHERE number = 1 AND source LIKE 's3%'"),
             "version model/loan-risk@1 has author user:eve, the ledger says user:anna");
}
TEST_F(ReplayTest, anotherDigestIsNamed) {
  EXPECT_HAS(after("UPDATE version SET digest = 'abc' WHERE number = 2"), "model/loan-risk@2");
}
TEST_F(ReplayTest, anotherStageIsNamed) {
  EXPECT_HAS(after("UPDATE version SET stage = 'Production' WHERE number = 1 AND source LIKE 's3%'"),
             "stage of model/loan-risk@1 is Production, the ledger says Archived");
}
TEST_F(ReplayTest, aPolicysContentIsNamed) {
  EXPECT_HAS(after("UPDATE version SET content = '{}' WHERE content <> ''"), "policy/gate@1");
}
TEST_F(ReplayTest, aTagIsNamed) { EXPECT_HAS(after("UPDATE version_tag SET value = 'low'"), "model/loan-risk@1 tier"); }
TEST_F(ReplayTest, anApprovalIsNamed) {
  EXPECT_HAS(after("UPDATE approval SET comment = 'I never said so'"), "approval of change-request/1 by user:rita");
}
TEST_F(ReplayTest, aCommentIsNamed) {
  EXPECT_HAS(after("UPDATE change_request_comment SET body = 'go ahead'"), "change-request/1 comment 1 has body");
}
TEST_F(ReplayTest, aCommentPutIntoSomebodysMouthIsNamed) {
  EXPECT_HAS(after("UPDATE change_request_comment SET actor = 'user:rita'"), "change-request/1 comment 1 has by");
}
TEST_F(ReplayTest, anInventedApprovalIsNamed) {
  EXPECT_HAS(
      after(
          "INSERT INTO approval SELECT 2, 'user:rita', roles, comment, bound, decision, created_at, '' FROM approval"),
      "approval of change-request/2 by user:rita is in the database");
}
TEST_F(ReplayTest, aRequestIsNamed) {
  EXPECT_HAS(after("UPDATE change_request SET to_number = 9 WHERE id = 2"), "change-request/2 has to 9");
}
TEST_F(ReplayTest, aDecisionIsNamed) {
  EXPECT_HAS(after("UPDATE decision SET body = '{\"result\":\"allowed\"}' WHERE result = 'allowed'"), "decision ");
}
TEST_F(ReplayTest, aMissingDecisionIsNamed) {
  EXPECT_HAS(after("DELETE FROM decision WHERE result = 'allowed'"), "is missing");
}
TEST_F(ReplayTest, evidenceIsNamed) {
  EXPECT_HAS(after("UPDATE evidence SET verified = 1"), "evidence/1 has verified true, the ledger says false");
}
TEST_F(ReplayTest, aBindingIsNamed) { EXPECT_HAS(after("DELETE FROM binding"), "binding/1 is missing"); }
TEST_F(ReplayTest, grantsAreNamed) {
  EXPECT_HAS(after("UPDATE user_account SET grants = '[]' WHERE name = 'rita'"), "user/rita has grants []");
}
TEST_F(ReplayTest, aPasswordIsNamedWithoutShowingIt) {
  std::string what = after("UPDATE user_account SET password = '$argon2id$secret' WHERE name = 'rita'");
  EXPECT_HAS(what, "user/rita has credential");
  EXPECT_EQ(what.find("argon2"), std::string::npos);
}
TEST_F(ReplayTest, aTokenIsNamed) {
  EXPECT_HAS(after("UPDATE service_token SET revoked = 1"), "token/ci has revoked true");
}

TEST_F(ReplayTest, aSealedRunsMetricIsNamed) {
  change([](registry::Change& c) {
    tracking::Run run =
        tracking::createRun(c.transaction, "default", {.experiment = 0, .userId = "anna", .name = "train"});
    run.metrics = {{"accuracy", 0.7, 1, 0}};
    tracking::saveRun(c.transaction, run);
    tracking::sealRun(c, run, "cited");
  });
  EXPECT_EQ(differences(), std::vector<std::string>{});
  EXPECT_HAS(after("UPDATE run SET metrics = replace(metrics, '0.7', '0.9')"), "for content that has");
  EXPECT_HAS(after("UPDATE run SET sealed_digest = 'abc'"), "has seal abc");
}

TEST_F(ReplayTest, renamingAndDeletingLeaveNothingBehind) {
  change([&](registry::Change& c) {
    auto asset = registry::createAsset(c, key("a@b"), "", {{"k", "v"}});
    registry::createAsset(c, key("c"), "", {});
    registry::createVersion(c, asset, {.source = "s3://x", .tags = {{"t", "u"}}});
  });
  gate_->rename(as("anna"), key("a@b"), "a #1");
  EXPECT_EQ(differences(), std::vector<std::string>{});
  constexpr auto pointers = Gate::Pointers::keep;
  change([&](registry::Change& c) {
    registry::Asset asset = registry::getAsset(c.transaction, key("c"));
    registry::deleteAsset(c, asset, Gate::removal(c, as("anna"), asset, pointers));
  });
  EXPECT_EQ(differences(), std::vector<std::string>{});
  change([&](registry::Change& c) {
    registry::Version version = registry::getVersion(c.transaction, key("a #1"), 1);
    registry::deleteVersion(c, version, Gate::removal(c, as("anna"), version, pointers));
    registry::deleteAsset(c, version.asset, Gate::removal(c, as("anna"), version.asset, pointers));
  });
  EXPECT_EQ(differences(), std::vector<std::string>{});
}

}  // namespace
}  // namespace regesta::governance

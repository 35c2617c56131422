#include "governance/entry_access.h"

#include "governance/refusals.h"
#include "support/governance_test.h"
#include "tracking/experiment.h"

namespace regesta::governance {
namespace {

class EntryAccessTest : public GovernanceTest {
 protected:
  static access::Identity who(std::vector<access::Grant> grants) {
    access::Identity identity;
    identity.grants = std::move(grants);
    return identity;
  }
  bool may(const access::Identity& identity, std::string_view workspace, std::string_view action,
           std::string_view subject, json::object data = {}) {
    json::object body{{"action", action}, {"workspace", workspace}, {"subject", subject}, {"data", std::move(data)}};
    return store_->read([&](db::Transaction& transaction) { return mayRead(identity, scopeOf(transaction, body)); });
  }
  const access::Identity reader = who({{"reader", "*", "*"}}), narrow = who({{"contributor", "default", "a-*"}}),
                         west = who({{"admin", "west", "*"}}), auditor = who({{"auditor", "*", "*"}}),
                         root = who({{"admin", "*", "*"}}), nobody = who({});
};

TEST_F(EntryAccessTest, AssetsGoByTheirNameWhateverFollowsIt) {
  for (auto [action, rest, pointer] : {std::tuple{"asset.created", "", ""},
                                       {"version.created", "@1", ""},
                                       {"alias.moved", "#live", "live"},
                                       {"evidence.added", "@1", ""},
                                       {"rollout.started", "#live", "live"},
                                       {"guard.breached", "#live", ""}}) {
    json::object data;
    if (*pointer) data["pointer"] = pointer;
    EXPECT_TRUE(may(narrow, "default", action, fmt::format("prompt/a-x{}", rest), data)) << action;
    EXPECT_FALSE(may(narrow, "default", action, fmt::format("prompt/b{}", rest), data)) << action;
    EXPECT_TRUE(may(reader, "default", action, fmt::format("prompt/b{}", rest), data)) << action;
    EXPECT_FALSE(may(west, "default", action, fmt::format("prompt/b{}", rest), data)) << action;
    EXPECT_FALSE(may(nobody, "default", action, fmt::format("prompt/b{}", rest), data)) << action;
  }
  // A name that ends like a pointer is not cut: "secret" is another asset than "secret#a-".
  EXPECT_FALSE(may(who({{"reader", "*", "secret"}}), "default", "asset.created", "prompt/secret#a"));
}

TEST_F(EntryAccessTest, RunsGoByTheirExperiment) {
  std::int64_t id = store_->change({"user:anna"}, [&](registry::Change& change) {
    return tracking::createExperiment(change, "default", "a-study", "", {}, "mlflow-artifacts:/").id;
  });
  json::object data{{"experiment", std::to_string(id)}};
  EXPECT_TRUE(may(narrow, "default", "run.sealed", "run/1", data));
  EXPECT_FALSE(may(who({{"reader", "*", "b"}}), "default", "run.sealed", "run/1", data));
  EXPECT_FALSE(may(narrow, "default", "run.sealed", "run/1")) << "not known which: for who reads every name";
  EXPECT_TRUE(may(reader, "default", "run.sealed", "run/1"));
}

TEST_F(EntryAccessTest, DatasetsGoByTheirNameAndScoreConfigsAreForAllNames) {
  std::string subject = "evaluation-dataset/d-1";
  EXPECT_TRUE(may(narrow, "default", "evaluation-dataset.created", subject, {{"name", "a-set"}}));
  EXPECT_FALSE(may(narrow, "default", "evaluation-dataset.created", subject, {{"name", "b"}}));
  EXPECT_FALSE(may(narrow, "default", "evaluation-dataset.changed", subject)) << "gone: nobody knows its name";
  EXPECT_FALSE(may(narrow, "default", "score-config.created", "score-config/1", {{"name", "a-config"}}));
  EXPECT_FALSE(may(narrow, "default", "something.new", "something/a-1"));
  EXPECT_TRUE(may(reader, "default", "score-config.created", "score-config/1"));
}

TEST_F(EntryAccessTest, TheRestIsForWhoAdministersOrAudits) {
  for (auto [workspace, action, subject] : {std::tuple{"", "user.created", "user/anna"},
                                            {"", "token.created", "token/x"},
                                            {"", "access.refused", "access"},
                                            {"", "something.new", ""}}) {
    EXPECT_TRUE(may(root, workspace, action, subject) && may(auditor, workspace, action, subject)) << action;
    EXPECT_FALSE(may(reader, workspace, action, subject) || may(west, workspace, action, subject)) << action;
  }
  EXPECT_TRUE(may(west, "west", "webhook.created", "webhook/1"));
  EXPECT_FALSE(may(reader, "west", "webhook.created", "webhook/1"));
  EXPECT_FALSE(may(narrow, "default", "git.pushed", "git/prompts"));
  EXPECT_FALSE(may(narrow, "default", "change-request.opened", "change-request/1"));
  EXPECT_TRUE(may(reader, "default", "change-request.opened", "change-request/1"));
}

class RefusalsTest : public GovernanceTest {
 protected:
  std::vector<json::object> entriesOf(std::string_view action) {
    std::vector<json::object> found;
    store_->read([&](db::Transaction& transaction) {
      db::Rows rows = transaction.query("SELECT body FROM ledger_entry WHERE action = $1 ORDER BY id", {action});
      while (rows.next()) found.push_back(parseJson(rows.view(0)).as_object().at("data").as_object());
    });
    return found;
  }
};

TEST_F(RefusalsTest, AreCountedAndGroupedAndBounded) {
  makePeople();
  Refusals refusals(*store_);
  refusals.record();
  EXPECT_TRUE(entriesOf("session.refused").empty()) << "nothing happened";
  for (int i = 0; i < 3; ++i) refusals.signInFailed("rita", "10.0.0.1");
  refusals.signInFailed("hunter2", "10.0.0.1");
  refusals.signInFailed(std::string("\0\xff", 2), "10.0.0.1");
  refusals.signInFailed("token", "10.0.0.2");
  for (int i = 0; i < 200; ++i) refusals.accessRefused("user:anna", "GET", fmt::format("/{}", i));
  refusals.record();
  auto signIns = entriesOf("session.refused"), accesses = entriesOf("access.refused");
  ASSERT_EQ(signIns.size(), 1u);
  EXPECT_EQ(writeJson(signIns[0].at("groups")),
            R"x([{"claimed":"(no user)","count":2,"remote":"10.0.0.1"},)x"
            R"x({"claimed":"rita","count":3,"remote":"10.0.0.1"},{"claimed":"token","count":1,"remote":"10.0.0.2"}])x");
  ASSERT_EQ(accesses.size(), 1u);
  EXPECT_EQ(accesses[0].at("groups").as_array().size(), 50u);
  EXPECT_EQ(accesses[0].at("further").as_int64(), 150);
}

TEST_F(RefusalsTest, StopRecordsWhatIsLeft) {
  Refusals refusals(*store_);
  refusals.start();
  refusals.accessRefused("user:anna", "GET", "/x");
  refusals.stop();
  EXPECT_EQ(entriesOf("access.refused").size(), 1u);
}

TEST(ClaimedName, IsWhatTheCredentialsSay) {
  EXPECT_EQ(claimedName("Basic cml0YTpw"), "rita");
  EXPECT_EQ(claimedName("bearer x"), "token");
  for (const char* none : {"", "Basic", "Basic !!", "Session x", "Digest x"}) EXPECT_EQ(claimedName(none), "") << none;
}

}  // namespace
}  // namespace regesta::governance

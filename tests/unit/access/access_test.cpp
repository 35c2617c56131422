#include <chrono>
#include <thread>

#include "access/grants.h"
#include "base/encoding.h"
#include "base/time.h"
#include "support/governance_test.h"

namespace regesta::access {
namespace {

std::string basic(const std::string& name, const std::string& password) {
  return "Basic " + base64Encode(name + ":" + password);
}

const std::vector<Grant> contributor{{"contributor", "*", "*"}};
const std::vector<Grant> admin{{"admin", "*", "*"}};

class AccessTest : public governance::GovernanceTest {
 protected:
  void SetUp() override {
    governance::GovernanceTest::SetUp();
    access_ = std::make_unique<Access>(*store_, true);
  }
  const registry::Actor root_{"user:root"};
  std::unique_ptr<Access> access_;
};

TEST_F(AccessTest, withoutUsersTheLocalUserMayDoEverything) {
  auto identity = access_->authenticate(std::nullopt);
  EXPECT_TRUE(identity->local);
  EXPECT_TRUE(identity->actor.name.starts_with("local:"));
  EXPECT_TRUE(identity->may(Verb::administer, "*", "*"));
}

TEST_F(AccessTest, offLoopbackNobodyIsLocal) {
  Access open(*store_, false);
  EXPECT_NE(thrown(Code::unauthenticated, [&] { open.authenticate(std::nullopt); }).find("no users yet"),
            std::string::npos);
}

TEST_F(AccessTest, theFirstUserBecomesAdminAndTheDoorCloses) {
  User made = access_->createUser({"local:root"}, "anna", "correct horse", contributor);
  ASSERT_EQ(made.grants.size(), 2U);
  EXPECT_EQ(made.grants[1].role, "admin");
  thrown(Code::unauthenticated, [&] { access_->authenticate(std::nullopt); });
  auto identity = access_->authenticate(basic("anna", "correct horse"));
  EXPECT_EQ(identity->actor.name, "user:anna");
  EXPECT_TRUE(identity->may(Verb::administer, "default"));
  thrown(Code::unauthenticated, [&] { access_->authenticate(basic("anna", "wrong horse")); });
  thrown(Code::unauthenticated, [&] { access_->authenticate(basic("nobody", "correct horse")); });
  thrown(Code::unauthenticated, [&] { access_->authenticate(basic(std::string("a\0b\xff", 4), "correct horse")); });
  thrown(Code::unauthenticated, [&] { access_->authenticate("Digest something"); });
  thrown(Code::unauthenticated, [&] { access_->authenticate("Basic !!"); });
}

TEST_F(AccessTest, bothHalvesOfAPairOfKeysAreChecked) {
  access_->createUser({"local:root"}, "anna", "correct horse", admin);
  std::string secret = access_->createToken(root_, "chat", contributor, 0, TokenForm::langfusePair);
  std::string other = access_->createToken(root_, "mail", contributor, 0, TokenForm::langfusePair);
  ASSERT_TRUE(secret.starts_with("sk-lf-"));
  EXPECT_EQ(access_->authenticate(basic("pk-lf-chat", secret))->actor.name, "token:chat");
  thrown(Code::unauthenticated, [&] { access_->authenticate(basic("pk-lf-mail", secret)); });
  thrown(Code::unauthenticated, [&] { access_->authenticate(basic("chat", secret)); });
  thrown(Code::unauthenticated, [&] { access_->authenticate(basic("", secret)); });
  thrown(Code::unauthenticated, [&] { access_->authenticate(basic("pk-lf-chat", other)); });
  thrown(Code::unauthenticated, [&] { access_->authenticate("Bearer pk-lf-chat"); });
  EXPECT_EQ(access_->authenticate("Bearer " + secret)->actor.name, "token:chat");
  access_->revokeToken(root_, "chat");
  thrown(Code::unauthenticated, [&] { access_->authenticate(basic("pk-lf-chat", secret)); });
  thrown(Code::invalid, [&] { access_->createUser(root_, "eve", "sk-lf-looks-like-a-key", contributor); });
}

TEST_F(AccessTest, aSlipMakesNoRoleAndNoWorkspace) {
  auto told = [&](std::string role, std::string workspace) {
    std::vector<Grant> grants{{std::move(role), std::move(workspace), "*"}};
    return thrown(Code::invalid, [&] { access_->createUser({"local:root"}, "anna", "correct horse", grants); });
  };
  EXPECT_NE(told("contributer", "*").find("did you mean contributor?"), std::string::npos);
  EXPECT_NE(told("aprover", "*").find("grants[0].role"), std::string::npos);
  EXPECT_NE(told("contributor", "defalt").find("did you mean default?"), std::string::npos);
  EXPECT_NE(told("risk", "elsewhere").find("grants[0].workspace"), std::string::npos);
  EXPECT_TRUE(access_->users().empty());
  for (const char* own : {"risk", "legal", "trader", "leader", "reviewer"})
    access_->createUser({"local:root"}, own, "correct horse", {{own, "default", "*"}});
  EXPECT_EQ(access_->users().size(), 5U);
}

TEST_F(AccessTest, aTokenMayStandBesideItsPublicKeyOrAnyOtherName) {
  access_->createUser({"local:root"}, "anna", "correct horse", admin);
  std::string token = access_->createToken(root_, "ci", contributor, 0);
  EXPECT_EQ(access_->authenticate(basic("whoever", token))->actor.name, "token:ci");
  EXPECT_EQ(access_->authenticate(basic("pk-lf-ci", token))->actor.name, "token:ci");
  thrown(Code::unauthenticated, [&] { access_->authenticate(basic("pk-lf-other", token)); });
}

TEST_F(AccessTest, aCapabilityIsTheSameOnEveryServerWithTheSameKey) {
  Access second(*store_, true);
  EXPECT_EQ(access_->capability("events/default"), second.capability("events/default"));
  EXPECT_NE(access_->capability("events/default"), access_->capability("events/team-a"));
}

TEST_F(AccessTest, theDatabaseAloneMakesNoCapability) {
  registry::Store copy(store_->database(), [](const auto&) {}, std::string(32, 'x'));
  EXPECT_NE(Access(copy, true).capability("events/default"), access_->capability("events/default"));
}

TEST_F(AccessTest, aPasswordIsCheckedOnceAndForgottenWhenItChanges) {
  access_->createUser({"local:root"}, "anna", "correct horse", admin);
  EXPECT_TRUE(access_->wouldCheck(basic("anna", "correct horse")));
  auto first = access_->authenticate(basic("anna", "correct horse"));
  // The same object again: nobody hashed the password a second time.
  EXPECT_EQ(access_->authenticate(basic("anna", "correct horse")), first);
  EXPECT_FALSE(access_->wouldCheck(basic("anna", "correct horse")));

  access_->setPassword(root_, "anna", "battery staple");
  thrown(Code::unauthenticated, [&] { access_->authenticate(basic("anna", "correct horse")); });
  EXPECT_EQ(access_->authenticate(basic("anna", "battery staple"))->actor.name, "user:anna");
}

TEST_F(AccessTest, anotherProcessSeesAChangeWithinTwoSeconds) {
  access_->createUser({"local:root"}, "root", "correct horse", admin);
  access_->createUser(root_, "bob", "bob's password", contributor);
  Access other(*store_, true);
  other.authenticate(basic("bob", "bob's password"));
  access_->deleteUser(root_, "bob");
  thrown(Code::unauthenticated, [&] { access_->authenticate(basic("bob", "bob's password")); });
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  thrown(Code::unauthenticated, [&] { other.authenticate(basic("bob", "bob's password")); });
}

TEST_F(AccessTest, guessingIsSlowedDownButNotForThoseRemembered) {
  access_->createUser({"local:root"}, "anna", "correct horse", admin);
  access_->authenticate(basic("anna", "correct horse"));
  for (int i = 0; i < 5; ++i)
    thrown(Code::unauthenticated, [&] { access_->authenticate(basic("anna", "guess" + std::to_string(i))); });
  EXPECT_NE(thrown(Code::exhausted, [&] { access_->authenticate(basic("anna", "one more")); }).find("try again in"),
            std::string::npos);
  EXPECT_EQ(access_->authenticate(basic("anna", "correct horse"))->actor.name, "user:anna");
}

TEST_F(AccessTest, tokensWorkAsBearerAndAsPasswordUntilRevoked) {
  access_->createUser({"local:root"}, "root", "correct horse", admin);
  std::string secret = access_->createToken(root_, "ci", contributor, 0);
  EXPECT_EQ(access_->authenticate("Bearer " + secret)->actor.name, "token:ci");
  EXPECT_EQ(access_->authenticate(basic("anybody", secret))->actor.name, "token:ci");
  ASSERT_EQ(access_->tokens().size(), 1U);
  access_->revokeToken(root_, "ci");
  thrown(Code::unauthenticated, [&] { access_->authenticate("Bearer " + secret); });
  EXPECT_TRUE(access_->tokens().empty());
  // Nothing that works is in the database or in the ledger.
  for (const json::object& entry : ledger()) EXPECT_EQ(json::serialize(entry).find(secret), std::string::npos);
}

TEST_F(AccessTest, tokensExpireEvenWhenRemembered) {
  access_->createUser({"local:root"}, "root", "correct horse", admin);
  std::int64_t expiry = nowMillis() + 3000;
  std::string secret = access_->createToken(root_, "soon", contributor, expiry);
  access_->authenticate("Bearer " + secret);
  while (nowMillis() <= expiry) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_NE(thrown(Code::unauthenticated, [&] { access_->authenticate("Bearer " + secret); }).find("expired"),
            std::string::npos);
}

TEST_F(AccessTest, nobodyIsLockedOutForEver) {
  thrown(Code::invalidState, [&] { access_->createToken({"local:root"}, "ci", contributor, 0); });
  access_->createUser({"local:root"}, "root", "correct horse", admin);
  thrown(Code::invalidState, [&] { access_->deleteUser(root_, "root"); });
  thrown(Code::invalidState, [&] { access_->setGrants(root_, "root", contributor); });
  access_->createUser(root_, "second", "correct horse", admin);
  access_->deleteUser(root_, "root");
  // The name of someone who is gone is not given to somebody else: their deeds are in the ledger.
  thrown(Code::exists, [&] { access_->createUser(root_, "root", "correct horse", admin); });
  thrown(Code::notFound, [&] { access_->setPassword(root_, "root", "correct horse"); });
}

TEST_F(AccessTest, badUsersAndGrantsAreRefusedByName) {
  EXPECT_NE(thrown(Code::invalid, [&] { access_->createUser(root_, "a:b", "correct horse", {}); }).find("name"),
            std::string::npos);
  EXPECT_NE(thrown(Code::invalid, [&] { access_->createUser(root_, "anna", "short", {}); }).find("password"),
            std::string::npos);
  EXPECT_NE(thrown(Code::invalid, [&] { access_->createUser(root_, "anna", "correct horse", {{"Risk!", "*", "*"}}); })
                .find("grants[0].role"),
            std::string::npos);
  EXPECT_TRUE(access_->users().empty());
}

TEST_F(AccessTest, theLedgerTellsOfUsersWithoutTheirSecrets) {
  access_->createUser({"local:root"}, "anna", "correct horse", admin);
  auto created = ledger("user.created");
  ASSERT_EQ(created.size(), 1U);
  EXPECT_EQ(created[0].at("subject").as_string(), "user/anna");
  EXPECT_EQ(created[0].at("data").at("grants").at(0).at("role").as_string(), "admin");
  EXPECT_EQ(json::serialize(created[0]).find("argon2"), std::string::npos);
}

TEST(Identity, aMissingRoleNamesWhoCanHoldIt) {
  auto remediation = [](const std::string& actor, std::string_view role) {
    std::string text = missingRole({{actor}, {}}, role, "default", "").message;
    return text.substr(text.find("; ") + 2);
  };
  EXPECT_EQ(remediation("token:ci", "contributor"),
            "an admin can make a token that has it: regesta token create NAME --grant contributor:default");
  EXPECT_EQ(remediation("token:ci", "admin"),
            "an admin can make a token that has it: regesta token create NAME --grant admin:default");
  for (std::string role : {"risk", "approver"})
    EXPECT_EQ(remediation("token:ci", role),
              fmt::format("only users can approve; create one: regesta user create NAME --grant {}:default", role));
  EXPECT_EQ(remediation("user:rita", "risk"), "an admin can grant it: regesta user grant rita --grant risk:default");
}

TEST(Identity, rolesHoldWhereTheyWereGranted) {
  Identity identity{
      {"user:x"}, {{"contributor", "fraud", "loan-*"}, {"risk", "*", "*"}, {"admin", "sandbox", "*"}}, false};
  EXPECT_TRUE(identity.may(Verb::write, "fraud", "loan-risk"));
  EXPECT_TRUE(identity.may(Verb::write, "fraud"));
  EXPECT_FALSE(identity.may(Verb::write, "fraud", "cards"));
  EXPECT_FALSE(identity.may(Verb::write, "default", "loan-risk"));
  EXPECT_TRUE(identity.may(Verb::approve, "default", "anything"));
  EXPECT_FALSE(identity.may(Verb::administer, "fraud"));
  EXPECT_TRUE(identity.may(Verb::administer, "sandbox", "x"));
  // An administrator of one workspace does not administer users.
  EXPECT_FALSE(identity.may(Verb::administer, "*", "*"));
  EXPECT_EQ(identity.rolesOn("fraud", "loan-risk"), (std::vector<std::string>{"contributor", "risk"}));
  EXPECT_NE(thrown(Code::denied, [&] { identity.require(Verb::write, "default", "loan-risk"); }).find("contributor"),
            std::string::npos);
}

}  // namespace
}  // namespace regesta::access

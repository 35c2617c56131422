// Signing in through an identity provider, without the network: when the provider is asked, and who becomes whom.
#include <latch>
#include <thread>

#include "access/oidc/sign_in.h"
#include "base/limits_sign_in.h"
#include "base/time.h"
#include "oidc_fixture.h"

namespace regesta::access::oidc {
namespace {

/// A provider that answers from memory and counts what it is asked.
class OidcTest : public governance::GovernanceTest {
 protected:
  void SetUp() override {
    governance::GovernanceTest::SetUp();
    access_ = std::make_unique<Access>(*store_, true);
    outside_ = {[this](const http::ClientRequest& request) { return answer(request); }, [this] { return clock_; }};
  }
  http::Response answer(const http::ClientRequest& request) {
    ++asked_[request.url];
    if (down_) throw Error(Code::unavailable, "refused");
    http::Response response;
    if (request.url.ends_with("openid-configuration")) response.body = canonicalJson(discovery_);
    if (request.url.ends_with("/keys")) response.body = keys_.empty() ? signer_.set() : keys_;
    if (request.url.ends_with("/token")) {
      body_ = request.body;
      response.body = canonicalJson(json::object{{"id_token", signer_.sign(claims_)}, {"access_token", "at"}});
    }
    if (request.url.ends_with("/userinfo")) response.body = canonicalJson(userinfo_);
    return response;
  }
  Options options() {
    Options options = someOptions();
    options.createUsers = true;
    return options;
  }
  static std::string valueOf(const std::string& address, const std::string& name) {
    for (const auto& [key, value] : parsedQuery(address))
      if (key == name) return value;
    return {};
  }
  static std::vector<std::pair<std::string, std::string>> parsedQuery(const std::string& address) {
    std::vector<std::pair<std::string, std::string>> pairs;
    std::string_view rest = std::string_view(address).substr(address.find('?') + 1);
    while (!rest.empty()) {
      std::string_view pair = rest.substr(0, rest.find('&'));
      rest = rest.size() == pair.size() ? std::string_view() : rest.substr(pair.size() + 1);
      pairs.emplace_back(pair.substr(0, pair.find('=')), *percentDecode(pair.substr(pair.find('=') + 1)));
    }
    return pairs;
  }
  /// The whole way, as the person `claims` are about.
  Access::Session go(SignIn& signIn, json::object claims) {
    SignIn::Begun begun = signIn.begin("/", redirect_);
    claims_ = std::move(claims);
    claims_["iss"] = issuer;
    claims_["aud"] = "regesta";
    claims_["iat"] = nowMillis() / 1000;
    claims_["exp"] = nowMillis() / 1000 + 300;
    claims_["nonce"] = valueOf(begun.address, "nonce");
    SignIn::Answer answer{"code", valueOf(begun.address, "state"), "", ""};
    return signIn.complete(signIn.recognise(begun.cookie, answer), answer, redirect_);
  }
  std::string whoIs(const Access::Session& session) {
    return access_->authenticate("Session " + session.secret)->actor.name;
  }
  void makeRoot() { access_->createUser({"local:root"}, "root", "correct horse", {{"admin", "*", "*"}}); }

  std::unique_ptr<Access> access_;
  Signer signer_;
  Provider::Outside outside_;
  Provider::Clock::time_point clock_ = Provider::Clock::now();
  json::object discovery_{{"issuer", issuer},
                          {"authorization_endpoint", issuer + "/auth"},
                          {"token_endpoint", issuer + "/token"},
                          {"userinfo_endpoint", issuer + "/userinfo"},
                          {"jwks_uri", issuer + "/keys"}};
  json::object claims_, userinfo_;
  std::string keys_, body_;
  bool down_ = false;
  std::map<std::string, int> asked_;
  const std::string redirect_ = "https://regesta.example/api/v1/session/oidc/callback";
  const registry::Actor root_{"user:root"};
};

TEST_F(OidcTest, unknownKeysAreAskedForRarely) {
  Options options = this->options();
  Provider provider(options, outside_);
  Signer fresh;
  fresh.id = "k2";
  crypto::Jws token = crypto::parseJws(signer_.sign({})), unknown = crypto::parseJws(fresh.sign({}));
  EXPECT_EQ(provider.keyOf(token).keyId, "k1");
  for (int i = 0; i < 100; ++i) thrown(Code::unauthenticated, [&] { provider.keyOf(unknown); });
  EXPECT_EQ(asked_[issuer + "/keys"], 1);
  clock_ += Provider::keysEvery;
  for (int i = 0; i < 100; ++i) thrown(Code::unauthenticated, [&] { provider.keyOf(unknown); });
  EXPECT_EQ(asked_[issuer + "/keys"], 2);
  signer_ = fresh;  // the provider changes its key
  clock_ += Provider::keysEvery;
  EXPECT_EQ(provider.keyOf(unknown).keyId, "k2");
  EXPECT_EQ(asked_[issuer + "/keys"], 3);
  EXPECT_EQ(asked_[issuer + "/.well-known/openid-configuration"], 1);
}

TEST_F(OidcTest, aKeyWithoutAnIdMustBeTheOnlyOne) {
  Options options = this->options();
  signer_.id = "";
  keys_ = signer_.set();
  crypto::Jws token = crypto::parseJws(signer_.sign({}));
  EXPECT_NO_THROW(Provider(options, outside_).keyOf(token));
  json::value set = parseJson(keys_);
  set.at("keys").as_array().push_back(parseJson(Signer().set()).at("keys").at(0));
  keys_ = canonicalJson(set);
  Provider two(options, outside_);
  thrown(Code::unauthenticated, [&] { two.keyOf(token); });
}

TEST_F(OidcTest, aProviderThatIsAwayIsLeftAloneForAMoment) {
  Options options = this->options();
  Provider provider(options, outside_);
  down_ = true;
  for (int i = 0; i < 100; ++i) thrown(Code::unavailable, [&] { provider.metadata(); });
  EXPECT_EQ(asked_[issuer + "/.well-known/openid-configuration"], 1);
  down_ = false;
  clock_ += Provider::failureLasts;
  EXPECT_EQ(provider.metadata().token, issuer + "/token");
}

TEST_F(OidcTest, aProviderThatAnswersSlowlyHoldsUpAFew) {
  Options options = this->options();
  std::latch asked(limits::providerCalls), answered(1);
  outside_.send = [&](const http::ClientRequest& request) {
    asked.count_down();
    answered.wait();
    http::Response response;
    response.body = request.url.ends_with("/keys") ? signer_.set() : canonicalJson(discovery_);
    return response;
  };
  Provider provider(options, outside_);
  std::vector<std::jthread> waiting;
  for (std::size_t i = 0; i < limits::providerCalls; ++i) waiting.emplace_back([&] { provider.metadata(); });
  asked.wait();
  std::string why = thrown(Code::exhausted, [&] { provider.metadata(); });
  answered.count_down();
  waiting.clear();
  EXPECT_NE(why.find("try again"), std::string::npos);
  EXPECT_EQ(provider.metadata().keys, issuer + "/keys");
}

TEST_F(OidcTest, discoveryMustBeTheIssuersOwnAndLeadNowhereUnsafe) {
  Options options = this->options();
  for (const auto& [member, value] :
       std::vector<std::pair<std::string, std::string>>{{"issuer", "https://evil.example"},
                                                        {"token_endpoint", "http://id.example/token"},
                                                        {"jwks_uri", "file:///etc/passwd"},
                                                        {"authorization_endpoint", "javascript:alert(1)"},
                                                        {"userinfo_endpoint", "http://169.254.169.254/"},
                                                        {"end_session_endpoint", "http://evil.example"}}) {
    json::object right = discovery_;
    discovery_[member] = value;
    Provider provider(options, outside_);
    thrown(Code::unavailable, [&] { provider.metadata(); });
    discovery_ = std::move(right);
  }
}

TEST_F(OidcTest, theSecretGoesWhereTheProviderWantsIt) {
  makeRoot();
  SignIn basic(*access_, options(), outside_);
  go(basic, {{"sub", "s-1"}, {"preferred_username", "anna"}});
  EXPECT_EQ(body_.find("s3cret"), std::string::npos);
  discovery_["token_endpoint_auth_methods_supported"] = json::array{"client_secret_post"};
  SignIn post(*access_, options(), outside_);
  go(post, {{"sub", "s-1"}, {"preferred_username", "anna"}});
  EXPECT_NE(body_.find("client_secret=s3cret"), std::string::npos);
  EXPECT_NE(body_.find("code_verifier="), std::string::npos);
}

TEST_F(OidcTest, aBrowserMustBringWhatItWasGiven) {
  makeRoot();
  SignIn signIn(*access_, options(), outside_);
  SignIn::Begun begun = signIn.begin("/ledger?entry=3", redirect_), other = signIn.begin("/", redirect_);
  SignIn::Answer right{"code", valueOf(begun.address, "state"), "", ""};
  EXPECT_EQ(signIn.recognise(begun.cookie, right).back, "/ledger?entry=3");
  thrown(Code::unauthenticated, [&] { signIn.recognise("", right); });
  thrown(Code::unauthenticated, [&] { signIn.recognise("a.b.c.d", right); });
  thrown(Code::unauthenticated, [&] { signIn.recognise(other.cookie, right); });
  thrown(Code::unauthenticated, [&] { signIn.recognise(begun.cookie, {"code", "", "", ""}); });
  for (std::size_t i = 0; i < begun.cookie.size(); ++i) {
    std::string changed = begun.cookie;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    thrown(Code::unauthenticated, [&] { signIn.recognise(changed, right); });
  }
  thrown(Code::unauthenticated, [&] {
    SignIn::Answer elsewhere = right;
    elsewhere.issuer = "https://evil.example";
    signIn.complete(signIn.recognise(begun.cookie, elsewhere), elsewhere, redirect_);
  });
}

TEST_F(OidcTest, theWayBackStaysOnThisServer) {
  SignIn signIn(*access_, options(), outside_);
  for (const std::string& back :
       {std::string(""), std::string("//evil.example"), std::string("/\\evil.example"),
        std::string("https://evil.example"), std::string("/\t/evil.example"), std::string("/a b"), std::string("evil"),
        std::string("/\r\nSet-Cookie: a=b"), "/" + std::string(limits::signInBack, 'a')})
    EXPECT_THROW(signIn.begin(back, redirect_), Invalid) << back.substr(0, 40);
  EXPECT_TRUE(asked_.empty());
}

TEST_F(OidcTest, aSignInCountsOnce) {
  makeRoot();
  Person person{issuer, "s-1", "anna", std::nullopt, true};
  access_->openSession(person, {"id-1", nowMillis() + 60'000});
  thrown(Code::unauthenticated, [&] { access_->openSession(person, {"id-1", nowMillis() + 60'000}); });
}

TEST_F(OidcTest, withoutUsersNobodyComesIn) {
  SignIn signIn(*access_, options(), outside_);
  thrown(Code::invalidState, [&] { go(signIn, {{"sub", "s-1"}, {"preferred_username", "anna"}}); });
  EXPECT_TRUE(ledger("user.created").empty());
}

TEST_F(OidcTest, aPersonIsIssuerAndSubjectWhateverTheirName) {
  makeRoot();
  SignIn signIn(*access_, options(), outside_);
  EXPECT_EQ(whoIs(go(signIn, {{"sub", "s-1"}, {"preferred_username", "anna"}})), "user:anna");
  EXPECT_EQ(whoIs(go(signIn, {{"sub", "s-1"}, {"preferred_username", "anna.married"}})), "user:anna");
  // Somebody else gets the name that Anna had.
  std::string why = thrown(Code::denied, [&] { go(signIn, {{"sub", "s-2"}, {"preferred_username", "anna"}}); });
  EXPECT_NE(why.find("not linked"), std::string::npos);
  // The name of a local user, an admin at that.
  thrown(Code::denied, [&] { go(signIn, {{"sub", "s-3"}, {"preferred_username", "root"}}); });
  EXPECT_EQ(access_->users().size(), 2U);
}

TEST_F(OidcTest, anAdminLinksALocalUser) {
  makeRoot();
  access_->createUser(root_, "otto", "correct horse", {});
  SignIn signIn(*access_, options(), outside_);
  access_->linkUser(root_, "otto", {issuer, ""});
  EXPECT_EQ(whoIs(go(signIn, {{"sub", "s-1"}, {"preferred_username", "otto"}})), "user:otto");
  // The link that waited is used up: it is s-1 now and nobody else.
  thrown(Code::denied, [&] { go(signIn, {{"sub", "s-2"}, {"preferred_username", "otto"}}); });
  access_->createUser(root_, "mia", "correct horse", {});
  thrown(Code::exists, [&] { access_->linkUser(root_, "mia", {issuer, "s-1"}); });
  auto session = go(signIn, {{"sub", "s-1"}, {"preferred_username", "otto"}});
  access_->unlinkUser(root_, "otto");
  thrown(Code::unauthenticated, [&] { whoIs(session); });
  thrown(Code::denied, [&] { go(signIn, {{"sub", "s-1"}, {"preferred_username", "otto"}}); });
  thrown(Code::invalidState, [&] { access_->unlinkUser(root_, "otto"); });
  EXPECT_EQ(ledger("user.linked").size(), 2U);
  EXPECT_EQ(ledger("user.unlinked").size(), 1U);
  for (const json::object& entry : ledger("user.linked"))
    EXPECT_EQ(canonicalJson(entry).find("s-1"),
              std::string::npos);  // who they are there is no business of the ledger's
}

TEST_F(OidcTest, whereUsersAreNotCreatedAnAdminMakesThem) {
  makeRoot();
  Options options = this->options();
  options.createUsers = false;
  SignIn signIn(*access_, options, outside_);
  std::string why = thrown(Code::denied, [&] { go(signIn, {{"sub", "s-1"}, {"preferred_username", "mia"}}); });
  EXPECT_NE(why.find("regesta user create mia --oidc"), std::string::npos);
  access_->createUser(root_, "mia", Link{issuer, "s-1"}, {{"reader", "*", "*"}});
  EXPECT_EQ(whoIs(go(signIn, {{"sub", "s-1"}, {"preferred_username", "other"}})), "user:mia");
  thrown(Code::unauthenticated, [&] { access_->authenticate("Basic " + base64Encode("mia:")); });
  thrown(Code::denied, [&] { access_->setPassword({"user:mia"}, "mia", "correct horse"); });
  access_->setPassword(root_, "mia", "correct horse");
  EXPECT_NO_THROW(access_->authenticate("Basic " + base64Encode("mia:correct horse")));
}

TEST_F(OidcTest, whoIsGoneStaysGoneUntilAnAdminMakesThemAgain) {
  makeRoot();
  SignIn signIn(*access_, options(), outside_);
  auto session = go(signIn, {{"sub", "s-1"}, {"preferred_username", "anna"}});
  access_->deleteUser(root_, "anna");
  thrown(Code::unauthenticated, [&] { whoIs(session); });
  thrown(Code::denied, [&] { go(signIn, {{"sub", "s-1"}, {"preferred_username", "anna"}}); });
  thrown(Code::denied, [&] { go(signIn, {{"sub", "s-1"}, {"preferred_username", "anna2"}}); });
  access_->createUser(root_, "anna2", Link{issuer, "s-1"}, {});
  EXPECT_EQ(whoIs(go(signIn, {{"sub", "s-1"}, {"preferred_username", "anna2"}})), "user:anna2");
}

TEST_F(OidcTest, groupsAreRecomputedAndRecordedAtEachSignIn) {
  makeRoot();
  Options options = this->options();
  options.roles = parseRoles("risk = risk:credit; ops = admin; * = reader");
  SignIn signIn(*access_, options, outside_);
  auto as = [&](const json::array& groups) {
    return access_->authenticate(
        "Session " + go(signIn, {{"sub", "s-1"}, {"preferred_username", "anna"}, {"groups", groups}}).secret);
  };
  EXPECT_EQ(as({"risk"})->grants, (std::vector<Grant>{{"risk", "credit", "*"}, {"reader", "*", "*"}}));
  EXPECT_TRUE(ledger("user.grants-set").empty());
  as({"risk"});
  EXPECT_TRUE(ledger("user.grants-set").empty());
  EXPECT_EQ(as({})->grants, (std::vector<Grant>{{"reader", "*", "*"}}));
  ASSERT_EQ(ledger("user.grants-set").size(), 1U);
  EXPECT_EQ(ledger("user.grants-set")[0].at("actor").as_string(), "system:sign-in");
  EXPECT_TRUE(as({"ops"})->may(Verb::administer, "*", "*"));
  access_->setGrants(root_, "root", {{"reader", "*", "*"}});
  // Nobody would be left who administers everything.
  thrown(Code::invalidState, [&] { as({}); });
}

TEST_F(OidcTest, userinfoFillsWhatTheTokenLacksAboutTheSamePerson) {
  makeRoot();
  SignIn signIn(*access_, options(), outside_);
  userinfo_ = {{"sub", "s-1"}, {"preferred_username", "anna"}};
  EXPECT_EQ(whoIs(go(signIn, {{"sub", "s-1"}})), "user:anna");
  userinfo_ = {{"sub", "s-1"}, {"preferred_username", "root"}};
  EXPECT_EQ(whoIs(go(signIn, {{"sub", "s-1"}, {"preferred_username", "anna"}})), "user:anna");
  userinfo_ = {{"sub", "s-2"}, {"preferred_username", "anna"}};
  thrown(Code::unauthenticated, [&] { go(signIn, {{"sub", "s-1"}}); });
}

TEST_F(OidcTest, theLastUseIsNotedAndKeepsNobodyOut) {
  makeRoot();
  auto opened = access_->openSession("Basic " + base64Encode("root:correct horse"));
  auto lastUsedLongAgo = [&] {
    store_->write([](db::Transaction& transaction) { transaction.run("UPDATE session SET used_at = 5"); });
    access_ = std::make_unique<Access>(*store_, true);  // one that remembers nothing
  };
  auto usedAt = [&] { return access_->sessions(root_, opened.secret).at(0).usedAt; };
  lastUsedLongAgo();
  EXPECT_EQ(whoIs(opened), "user:root");
  EXPECT_GT(usedAt(), nowMillis() - 60'000);
  lastUsedLongAgo();
  store_->write([](db::Transaction& transaction) {  // as on a full disk
    transaction.script("CREATE TRIGGER full BEFORE UPDATE ON session BEGIN SELECT RAISE(ABORT, 'full'); END");
  });
  EXPECT_EQ(whoIs(opened), "user:root");
  EXPECT_EQ(usedAt(), 5);
}

TEST_F(OidcTest, aPersonSeesAndEndsTheirSessions) {
  makeRoot();
  SignIn signIn(*access_, options(), outside_);
  auto first = go(signIn, {{"sub", "s-1"}, {"preferred_username", "anna"}});
  auto second = go(signIn, {{"sub", "s-1"}, {"preferred_username", "anna"}});
  auto others = access_->openSession("Basic " + base64Encode("root:correct horse"));
  auto open = access_->sessions({"user:anna"}, second.secret);
  ASSERT_EQ(open.size(), 2U);
  EXPECT_NE(open[0].current, open[1].current);
  EXPECT_TRUE(open[0].throughProvider);
  EXPECT_FALSE(access_->sessions(root_, others.secret).at(0).throughProvider);
  EXPECT_NE(open[0].id, open[1].id);
  thrown(Code::notFound, [&] { access_->endSession(root_, open[0].id); });  // somebody else's
  EXPECT_TRUE(access_->closeSession(first.secret));
  EXPECT_EQ(access_->closeSessions({"user:anna"}), 1);
  thrown(Code::unauthenticated, [&] { whoIs(second); });
  EXPECT_EQ(whoIs(others), "user:root");
}

}  // namespace
}  // namespace regesta::access::oidc

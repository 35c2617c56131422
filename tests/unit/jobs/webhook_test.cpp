#include "jobs/webhook.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <filesystem>
#include <thread>

#include "base/encoding.h"
#include "base/error.h"
#include "base/id.h"
#include "base/limits_delivery.h"
#include "base/sync.h"
#include "base/text.h"
#include "base/time.h"
#include "crypto/hash.h"
#include "db/migrate.h"
#include "http/server.h"
#include "jobs/lease.h"
#include "jobs/webhook_send.h"
#include "jobs/webhook_sender.h"
#include "support/postgres.h"
#include "support/temporary_folder.h"

namespace regesta::jobs {
namespace {

using namespace std::chrono_literals;

/// What hears the webhooks: keeps every request and answers as it is told.
class Receiver {
 public:
  Receiver() {
    http::Action action;
    action.whole = [this](const http::Request& request) {
      auto heard = heard_.lock();
      heard->requests.push_back(request);
      changed_.notify_all();
      http::Response response;
      response.status = heard->failures > 0 ? (--heard->failures, heard->failStatus) : 204;
      if (response.status == 302) response.headers.set("Location", "http://127.0.0.1:1/");
      return response;
    };
    router_.add("POST", "/hook", action);
    server_ = std::make_unique<http::Server>(http::ServerOptions{.ioThreads = 1}, router_,
                                             [](const http::Request&, const Error&) { return http::Response{404}; });
    server_->start();
  }
  ~Receiver() { server_->drain(1); }
  std::string url() const { return fmt::format("http://127.0.0.1:{}/hook", server_->port()); }
  void failNext(int times, int status = 500) {
    auto heard = heard_.lock();
    heard->failures = times;
    heard->failStatus = status;
  }
  /// What came, once it is so many; fewer when ten seconds pass.
  std::vector<http::Request> wait(std::size_t count) {
    auto heard = heard_.lock();
    heard.waitFor(changed_, 10s, [&] { return heard->requests.size() >= count; });
    return heard->requests;
  }

 private:
  struct Heard {
    std::vector<http::Request> requests;
    int failures = 0, failStatus = 500;
  };
  Sync<Heard> heard_;
  std::condition_variable changed_;
  http::Router router_;
  std::unique_ptr<http::Server> server_;
};

class WebhookTest : public testing::TestWithParam<db::Dialect> {
 protected:
  void SetUp() override {
    if (GetParam() == db::Dialect::postgres)
      database_ = emptyPostgres();
    else
      database_ = db::openSqlite({.path = folder_.path() + "/regesta.db"});
    db::migrate(*database_);
    store_ = std::make_unique<registry::Store>(*database_, registry::Store::AfterCommit{});
  }
  void TearDown() override {
    store_.reset();
    database_.reset();
  }

  /// Records entries and gives them their indexes, as the ledger does.
  void happen(const std::vector<std::pair<std::string, std::string>>& deeds, const std::string& workspace = "default") {
    store_->change(anna_, [&](registry::Change& change) {
      for (const auto& [action, subject] : deeds)
        change.record(registry::parseAction(action).value(), workspace, subject, {{"n", index_}});
    });
    store_->write([&](db::Transaction& transaction) {
      transaction.run("UPDATE ledger_entry SET idx = id WHERE idx IS NULL");
      transaction.run("UPDATE ledger_head SET size = (SELECT MAX(idx) + 1 FROM ledger_entry) WHERE id = 1");
    });
  }
  Webhook make(Webhook asked) {
    asked.workspace = "default";
    Webhook made = store_->change(anna_, [&](registry::Change& change) { return createWebhook(change, asked); });
    happen({});  // index the entry of its creation
    return made;
  }
  Webhook now(std::int64_t id = 1) {
    return store_->read([&](db::Transaction& transaction) { return *findWebhook(transaction, "default", id); });
  }
  std::vector<Delivery> deliveries(std::int64_t id = 1) {
    return store_->read([&](db::Transaction& transaction) { return listDeliveries(transaction, id, 1000); });
  }
  template <class Condition>
  static bool soon(Condition condition) {
    for (int i = 0; i < 3000; ++i, std::this_thread::sleep_for(20ms))
      if (condition()) return true;
    return false;
  }
  /// The receivers of these tests stand on this machine, which webhooks may not reach by default.
  static http::Egress here() { return http::Egress("127.0.0.1"); }
  static WebhookSender::Options fast() {
    return {.attempts = 3, .firstPause = 10, .longestPause = 40, .lookEvery = 10, .egress = here()};
  }

  const registry::Actor anna_{"user:anna"};
  std::int64_t index_ = 0;
  TemporaryFolder folder_;
  std::unique_ptr<db::Database> database_;
  std::unique_ptr<registry::Store> store_;
};

std::vector<std::string> types(const std::vector<http::Request>& requests) {
  std::vector<std::string> found;
  for (const http::Request& request : requests) found.emplace_back(parseJson(request.body).at("type").as_string());
  return found;
}

TEST_P(WebhookTest, TellsInOrderSigned) {
  Receiver receiver;
  Webhook webhook = make({.url = receiver.url(), .filter = {{"alias.*", "guard.breached"}, "*"}});
  happen({{"alias.moved", "prompt/greeting#production"},
          {"version.created", "prompt/greeting@2"},
          {"guard.breached", "prompt/greeting#production"}});
  happen({{"alias.moved", "prompt/other#production"}}, "elsewhere");
  happen({{"alias.removed", "prompt/greeting#staging"}});
  WebhookSender sender(*store_, fast());
  sender.start();
  std::vector<http::Request> heard = receiver.wait(3);
  EXPECT_EQ(types(heard), (std::vector<std::string>{"alias.moved", "guard.breached", "alias.removed"}));
  const http::Request& first = heard[0];
  json::value body = parseJson(first.body);
  EXPECT_EQ(body.at("subject").as_string(), "prompt/greeting#production");
  EXPECT_EQ(body.at("workspace").as_string(), "default");
  EXPECT_EQ(body.at("actor").as_string(), "user:anna");
  EXPECT_TRUE(parseTime(body.at("timestamp").as_string()));
  EXPECT_GT(body.at("index").to_number<int>(), 0);
  // Checked as a receiver would, with none of our code but the hash.
  std::string id(*first.headers.get("webhook-id")), at(*first.headers.get("webhook-timestamp"));
  std::string key = base64Decode(webhook.secret.substr(6)).value();
  EXPECT_EQ(*first.headers.get("webhook-signature"),
            "v1," + base64Encode(crypto::hmacSha256(key, id + "." + at + "." + first.body)));
  ASSERT_TRUE(soon([&] { return deliveries().size() == 3; }));
  EXPECT_EQ(deliveries()[0].action, "alias.removed");
  EXPECT_EQ(deliveries()[0].status, 204);
}

TEST_P(WebhookTest, TriesAgainWithTheSameIdAndKeepsTheOrder) {
  Receiver receiver;
  receiver.failNext(2, 503);
  make({.url = receiver.url()});
  happen({{"alias.moved", "prompt/x"}, {"alias.removed", "prompt/x"}});
  WebhookSender sender(*store_, fast());
  sender.start();
  // Its own creation is the first thing it hears of: failed twice, then all three.
  std::vector<http::Request> heard = receiver.wait(5);
  EXPECT_EQ(types(heard), (std::vector<std::string>{"webhook.created", "webhook.created", "webhook.created",
                                                    "alias.moved", "alias.removed"}));
  EXPECT_EQ(heard[0].headers.get("webhook-id"), heard[2].headers.get("webhook-id"));
  EXPECT_NE(heard[2].headers.get("webhook-id"), heard[3].headers.get("webhook-id"));
  ASSERT_TRUE(soon([&] { return deliveries().size() == 5; }));
  EXPECT_EQ(deliveries()[4].problem, "HTTP 503");
  EXPECT_EQ(deliveries()[3].attempt, 2);
  EXPECT_EQ(now().problem, "");
}

TEST_P(WebhookTest, GivesUpWithTheReasonAndGoesOnWhereItStopped) {
  Receiver receiver;
  receiver.failNext(1000, 302);
  make({.url = receiver.url(), .filter = {{"alias.*"}, "*"}});
  happen({{"alias.moved", "prompt/x"}});
  WebhookSender sender(*store_, fast());
  sender.start();
  ASSERT_TRUE(soon([&] { return !now().active; }));
  EXPECT_EQ(receiver.wait(3).size(), 3u);
  EXPECT_EQ(now().problem,
            "given up after 3 attempts: HTTP 302: redirects are not followed; give the address it leads to");
  receiver.failNext(0);
  happen({{"alias.removed", "prompt/x"}});
  store_->change(anna_, [&](registry::Change& change) {
    Webhook again = *findWebhook(change.transaction, "default", 1);
    again.active = true;
    changeWebhook(change, again);
  });
  EXPECT_EQ(types(receiver.wait(5)),
            (std::vector<std::string>{"alias.moved", "alias.moved", "alias.moved", "alias.moved", "alias.removed"}));
}

TEST_P(WebhookTest, ADeadReceiverDoesNotKeepOthersWaiting) {
  Receiver receiver;
  make({.url = "http://127.0.0.1:1/nobody"});
  make({.url = receiver.url(), .filter = {{"alias.*"}, "*"}});
  happen({{"alias.moved", "prompt/x"}});
  WebhookSender sender(*store_, fast());
  sender.start();
  EXPECT_EQ(receiver.wait(1).size(), 1u);
  ASSERT_TRUE(soon([&] { return !now(1).active; }));
  EXPECT_NE(now(1).problem.find("given up after 3 attempts"), std::string::npos);
}

TEST_P(WebhookTest, OneServerOfADatabaseSendsAtATime) {
  Receiver receiver;
  make({.url = receiver.url(), .filter = {{"alias.*"}, "*"}});
  WebhookSender one(*store_, fast()), other(*store_, fast());
  one.start();
  other.start();
  for (int i = 0; i < 20; ++i) happen({{"alias.moved", "prompt/x"}});
  EXPECT_EQ(receiver.wait(20).size(), 20u);
  one.stop();
  other.stop();
  EXPECT_EQ(receiver.wait(20).size(), 20u);
  std::set<std::string> ids;
  for (const http::Request& request : receiver.wait(20)) ids.emplace(*request.headers.get("webhook-id"));
  EXPECT_EQ(ids.size(), 20u);
}

TEST_P(WebhookTest, ALeaseIsOnesOwnUntilItRunsOutOrIsDropped) {
  EXPECT_TRUE(takeLease(*store_, "work", "one", 60'000));
  EXPECT_TRUE(takeLease(*store_, "work", "one", 60'000));
  EXPECT_FALSE(takeLease(*store_, "work", "other", 60'000));
  EXPECT_TRUE(takeLease(*store_, "other work", "other", 60'000));
  dropLease(*store_, "work", "other");
  EXPECT_FALSE(takeLease(*store_, "work", "other", 60'000));
  dropLease(*store_, "work", "one");
  EXPECT_TRUE(takeLease(*store_, "work", "other", 0));
  EXPECT_TRUE(takeLease(*store_, "work", "one", 60'000));
}

TEST_P(WebhookTest, AddressesAndSecretsHaveRules) {
  auto problem = [&](Webhook asked) -> std::string {
    try {
      make(std::move(asked));
    } catch (const Invalid& invalid) {
      return fmt::format("{} {}", invalid.field, invalid.rule);
    }
    return "none";
  };
  EXPECT_EQ(problem({.url = "ftp://example.test/"}), "url must be an http:// or https:// address");
  EXPECT_EQ(problem({.url = "file:///etc/passwd"}), "url must be an http:// or https:// address");
  EXPECT_EQ(problem({.url = "example.test"}), "url must be an http:// or https:// address");
  EXPECT_EQ(problem({.url = "http://"}), "url must name a host");
  EXPECT_EQ(problem({.url = "http://a b/"}), "url must not hold spaces or control characters");
  EXPECT_EQ(problem({.url = "https://anna:pw@example.test/"}),
            "url must not have a user or password; receivers check the signature");
  EXPECT_EQ(problem({.url = "http://example.test", .secret = "short"}).substr(0, 6), "secret");
  EXPECT_EQ(problem({.url = "http://example.test", .filter = {{""}, "*"}}).substr(0, 7), "actions");
  EXPECT_EQ(problem({.url = "http://example.test", .filter = {{"version.creatd"}, "*"}}),
            "actions no ledger action matches 'version.creatd'; did you mean 'version.created'?");
  EXPECT_EQ(problem({.url = "http://example.test", .filter = {{"rollout.*", "none"}, "*"}}), "none");
  EXPECT_EQ(problem({.url = "http://example.test", .secret = newWebhookSecret()}), "none");
}

TEST_P(WebhookTest, OneOverTheLimitIsRefused) {
  for (std::size_t count = 0; count < limits::webhooks; ++count) make({.url = "http://example.test"});
  try {
    make({.url = "http://example.test"});
    FAIL();
  } catch (const Error& fault) {
    EXPECT_EQ(fault.code, Code::tooLarge);
    EXPECT_EQ(fault.message, fmt::format("workspace 'default' already has {} webhooks, the limit; delete one first",
                                         limits::webhooks));
  }
}

REGESTA_ON_BOTH(WebhookTest);

TEST(WebhookFilter, LooksAtActionAndName) {
  WebhookFilter filter{{"alias.*", "version.created"}, "loan-*"};
  EXPECT_TRUE(filter.wants("alias.moved", "model/loan-risk#production"));
  EXPECT_TRUE(filter.wants("version.created", "prompt/loan-summary@3"));
  EXPECT_FALSE(filter.wants("version.deleted", "prompt/loan-summary@3"));
  EXPECT_FALSE(filter.wants("alias.moved", "model/other#loan-x"));
  EXPECT_FALSE(filter.wants("alias.moved", "loan-risk"));
  EXPECT_TRUE(WebhookFilter().wants("user.created", "user/anna"));
}

TEST(Webhook, SignsAsTheStandardsExampleDoes) {
  // The example of the Standard Webhooks specification.
  EXPECT_EQ(signatureOf("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
                        R"({"test": 2432232314})"),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

}  // namespace
}  // namespace regesta::jobs

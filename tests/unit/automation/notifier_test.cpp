#include "automation/notifier.h"

#include <gtest/gtest.h>

#include "automation/subscription.h"
#include "support/governance_test.h"

namespace regesta::automation {
namespace {

class NotifierTest : public governance::GovernanceTest {
 protected:
  std::string story() const override { return "people"; }
  void tell() override { makePeople(); }

  void subscribe(const std::string& who) {
    Subscription wanted{.workspace = "default",
                        .person = who,
                        .name = "mine",
                        .address = who + "@bank.example",
                        .events = {"version.created"}};
    std::string code = change([&](registry::Change& c) { return setSubscription(c, as(who), wanted); }, who);
    change([&](registry::Change& c) { confirmSubscription(c, wanted, code); }, who);
  }
  /// As the server does after a while.
  void integrate() { sql("UPDATE ledger_entry SET idx = id - 1"); }
  /// The texts of what was to be sent; nothing listens at the mail server's address.
  std::vector<std::string> notifications() {
    Notifier(*store_, *gate_, {.url = "smtp://127.0.0.1:9", .from = "regesta@bank.example"}).round();
    return read([](db::Transaction& transaction) {
      std::vector<std::string> texts;
      auto rows = transaction.query("SELECT text FROM notification ORDER BY id");
      while (rows.next()) texts.push_back(rows.text(0));
      return texts;
    });
  }
};

TEST_F(NotifierTest, WhatHappensBeforeTheFirstRoundIsNotMissed) {
  addVersion();
  integrate();
  subscribe("rita");
  addVersion();
  integrate();
  auto texts = notifications();
  ASSERT_EQ(texts.size(), 1u);
  EXPECT_NE(texts[0].find("version.created model/loan-risk@2"), std::string::npos) << texts[0];
}

TEST_F(NotifierTest, ANewFirstSubscriberDoesNotGetWhatNobodyAskedFor) {
  subscribe("rita");
  addVersion();
  integrate();
  EXPECT_EQ(notifications().size(), 1u);
  change(
      [&](registry::Change& c) { deleteSubscription(c, *findSubscription(c.transaction, "default", "rita", "mine")); });
  addVersion();
  integrate();
  subscribe("carl");
  addVersion();
  integrate();
  auto texts = notifications();
  EXPECT_NE(texts.back().find("version.created model/loan-risk@3"), std::string::npos) << texts.back();
  EXPECT_EQ(std::ranges::count_if(texts, [](const std::string& text) { return text.contains("@2"); }), 0);
}

}  // namespace
}  // namespace regesta::automation

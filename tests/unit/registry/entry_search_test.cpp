#include "registry/entry_search.h"

#include "ledger/entry.h"
#include "support/registry_test.h"

namespace regesta::registry {
namespace {

using Indexes = std::vector<std::int64_t>;

/// A log of two governed deeds among many runs.
class EntrySearchTest : public RegistryTest {
 protected:
  void SetUp() override {
    RegistryTest::SetUp();
    deed("alias.moved");
    for (int i = 0; i < 30; ++i) deed("run.sealed");
    deed("alias.removed", "user:otto");
    for (int i = 0; i < 30; ++i) deed("run.sealed");
  }
  void deed(const std::string& action, const std::string& actor = "user:anna") {
    write([&](db::Transaction& transaction) {
      std::int64_t id =
          ledger::append(transaction, {action, actor, "default", "model/loan-risk", {}}, store_->keys().entry);
      transaction.run("UPDATE ledger_entry SET idx = $2 WHERE id = $1", {id, next_++});
    });
  }
  FoundEntries find(EntryFilter filter, std::size_t limit = 10) {
    return read([&](db::Transaction& transaction) { return findEntries(transaction, filter, limit); });
  }
  static Indexes indexes(const FoundEntries& found) {
    Indexes all;
    for (const ledger::Logged& entry : found.entries) all.push_back(entry.index);
    return all;
  }

 private:
  std::int64_t next_ = 0;
};

TEST_P(EntrySearchTest, TheFewAmongTheManyInBothOrders) {
  EXPECT_EQ(indexes(find({.actions = {"alias.*"}})), (Indexes{0, 31}));
  EXPECT_EQ(indexes(find({.actions = {"alias.*"}, .newestFirst = true})), (Indexes{31, 0}));
  EXPECT_EQ(indexes(find({.actions = {"alias.moved", "alias.moved", "rollout.*"}})), (Indexes{0}));
  EXPECT_EQ(indexes(find({.actions = {"colour.*"}})), Indexes());
  EXPECT_EQ(find({.actions = {"alias.*"}}).next, std::nullopt);
}

TEST_P(EntrySearchTest, PagesOfSeveralActionsJoin) {
  EntryFilter filter{.actions = {"alias.*", "run.sealed"}, .newestFirst = true};
  Indexes all;
  for (;;) {
    FoundEntries found = find(filter, 7);
    for (const ledger::Logged& entry : found.entries) all.push_back(entry.index);
    if (!found.next) break;
    filter.last = *found.next;
  }
  ASSERT_EQ(all.size(), 62u);
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i], static_cast<std::int64_t>(61 - i));
}

TEST_P(EntrySearchTest, BoundsHold) {
  EXPECT_EQ(indexes(find({.actions = {"alias.*"}, .first = 1})), (Indexes{31}));
  EXPECT_EQ(indexes(find({.actions = {"alias.*"}, .last = 30})), (Indexes{0}));
  EXPECT_EQ(indexes(find({.actions = {"alias.*"}, .untilMicros = 1})), Indexes());
  EXPECT_EQ(indexes(find({.actions = {"alias.*"}, .sinceMicros = 1})), (Indexes{0, 31}));
}

TEST_P(EntrySearchTest, WithAnActorOrASubjectEachEntryIsLookedAt) {
  EXPECT_EQ(indexes(find({.actor = "user:o*", .actions = {"alias.*"}})), (Indexes{31}));
  EXPECT_EQ(indexes(find({.subject = "model/*", .actions = {"alias.*"}})), (Indexes{0, 31}));
  EXPECT_EQ(indexes(find({.subject = "prompt/*", .actions = {"alias.*"}})), Indexes());
}

TEST_P(EntrySearchTest, AnEntryThatWaitsForItsPlaceIsNotThereYet) {
  write([&](db::Transaction& transaction) {
    ledger::append(transaction, {"stage.entered", "user:anna", "default", "model/loan-risk", {}}, store_->keys().entry);
  });
  EXPECT_EQ(indexes(find({.actions = {"stage.*"}})), Indexes());
}

/// The database's own reading of a body follows the body, also of one that is no JSON.
TEST_P(EntrySearchTest, ATamperedBodyIsFoundByWhatItSays) {
  write([&](db::Transaction& transaction) {
    transaction.run("UPDATE ledger_entry SET body = REPLACE(body, 'alias.moved', 'guard.seen') WHERE idx = 0");
    transaction.run("UPDATE ledger_entry SET body = '{}' WHERE idx = 5");
    transaction.run("UPDATE ledger_entry SET body = $1 WHERE idx = 6", {"{\"action\":\"" + std::string(500, 'a')});
  });
  EXPECT_EQ(indexes(find({.actions = {"guard.*"}})), (Indexes{0}));
  EXPECT_EQ(indexes(find({.actions = {"aaa*"}})), (Indexes{6}));
}

REGESTA_ON_BOTH(EntrySearchTest);

}  // namespace
}  // namespace regesta::registry

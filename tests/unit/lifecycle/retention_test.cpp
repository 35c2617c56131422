#include "lifecycle/retention_apply.h"

#include <random>
#include <set>

#include "base/time.h"
#include "lifecycle/retention_schedule.h"
#include "registry/archive.h"
#include "registry/hold.h"
#include "support/registry_test.h"

namespace regesta::lifecycle {

using registry::Asset;
using registry::Change;
using registry::Hold;
using registry::Version;

constexpr std::int64_t day = 24 * 3'600'000;

class RetentionTest : public RegistryTest {
 protected:
  RetentionPlan plan() {
    return read([&](db::Transaction& s) { return planRetention(s, workspace_, planMoment(nowMillis())); });
  }
  RetentionProgress apply(const std::string& digest, std::int64_t budgetMillis = 600'000) {
    return applyRetention(*store_, anna_, workspace_, digest, budgetMillis);
  }
  RetentionRule rule(RetentionRule wanted) {
    return change([&](Change& c) { return setRule(c, workspace_, std::move(wanted)); });
  }
  /// As if it had been registered so many days before the last full hour.
  void age(const Version& version, std::int64_t days) {
    store_->database().write([&](db::Transaction& s) {
      s.run("UPDATE version SET created_at = $2 WHERE id = $1", {version.id, planMoment(nowMillis()) - days * day});
    });
  }
  Version oldVersion(const Asset& asset, std::int64_t days) {
    Version version = add(asset);
    age(version, days);
    return version;
  }
  void hold(const Asset& asset, std::int64_t number) {
    change([&](Change& c) {
      registry::placeHold(c, {.workspace = workspace_,
                              .kind = "model",
                              .namePattern = asset.key.name,
                              .asset = asset.id,
                              .number = number,
                              .reason = "case"});
    });
  }
  void cite(const Version& version) {
    change([&](Change& c) {
      c.transaction.run(
          "INSERT INTO evidence (workspace, kind, name, number, version, version_digest, type, verified, digest, body, "
          "summary, created_at, created_by, origin, job) VALUES ('default', 'model', $1, $2, $3, '', 'card', 0, '', "
          "'{}', '{}', 0, '', '', 0)",
          {version.asset.key.name, version.number, version.id});
      c.record(registry::Action::evidenceAdded, workspace_, version.subject());
    });
  }
  std::set<std::string> live(const std::string& condition = "1 = 1") {
    return read([&](db::Transaction& s) {
      std::set<std::string> found;
      db::Rows rows = s.query(
          "SELECT a.name, v.number FROM version v JOIN asset a ON a.id = v.asset WHERE v.deleted = 0 AND " + condition);
      while (rows.next()) found.insert(fmt::format("model/{}@{}", rows.text(0), rows.integer(1)));
      return found;
    });
  }
};
REGESTA_ON_BOTH(RetentionTest);

std::set<std::string> subjects(const RetentionPlan& plan, RetentionAct act) {
  std::set<std::string> found;
  for (const PlannedItem& item : plan.items)
    if (item.act == act) found.insert(item.subject());
  return found;
}

std::string reasonOf(const RetentionPlan& plan, const std::string& subject) {
  for (const KeptItem& item : plan.kept)
    if (item.subject == subject) return item.reason;
  return "";
}

TEST_P(RetentionTest, SaysWhyVersionsStay) {
  Asset asset = make("loan");
  for (int n = 1; n <= 8; ++n) oldVersion(asset, 100 - n);
  rule({.name = "old", .keepNewest = 2, .deleteAfter = 95 * day});
  point(asset, "live", 1);
  hold(asset, 2);
  cite(read([&](db::Transaction& s) { return registry::getVersion(s, asset.key, 3); }));
  RetentionPlan found = plan();
  EXPECT_EQ(subjects(found, RetentionAct::remove), (std::set<std::string>{"model/loan@4", "model/loan@5"}));
  EXPECT_EQ(found.items.front().rules, "old@1");
  EXPECT_EQ(reasonOf(found, "model/loan@1"), "'live' points to it");
  EXPECT_EQ(reasonOf(found, "model/loan@2"), "legal hold 1 on model/loan@2");
  EXPECT_EQ(reasonOf(found, "model/loan@3"), "cited by evidence/1");
  EXPECT_EQ(reasonOf(found, "model/loan@6"), "its age since creation is 94d, rule old@1 waits for 95d");
  EXPECT_EQ(reasonOf(found, "model/loan@8"), "it is one of the newest 2, which rule old@1 keeps");
}

TEST_P(RetentionTest, TheMostProtectiveRuleDecides) {
  Asset asset = make("loan"), other = make("churn");
  for (const Asset& one : {asset, other})
    for (int n = 0; n < 3; ++n) oldVersion(one, 50);
  rule({.name = "all", .deleteAfter = 10 * day});
  rule({.name = "loans", .namePattern = "loan*", .keepNewest = 2, .deleteAfter = 20 * day});
  EXPECT_EQ(subjects(plan(), RetentionAct::remove),
            (std::set<std::string>{"model/loan@1", "model/churn@1", "model/churn@2", "model/churn@3"}));
  change([&](Change& c) { deleteRule(c, workspace_, "loans"); });
  EXPECT_EQ(plan().items.size(), 6u);
  EXPECT_EQ(rule({.name = "loans", .namePattern = "loan*", .deleteAfter = 60 * day}).revision, 3);
  EXPECT_EQ(plan().items.size(), 3u);
}

TEST_P(RetentionTest, UseIsWhatPointersHadLast) {
  Asset asset = make("loan");
  for (int n = 0; n < 3; ++n) oldVersion(asset, 50);
  point(asset, "live", 1);
  point(asset, "live", 3);
  rule({.name = "unused", .deleteAfter = 10 * day, .age = AgeOf::use});
  EXPECT_EQ(subjects(plan(), RetentionAct::remove), (std::set<std::string>{"model/loan@2"}));
}

TEST_P(RetentionTest, AChangedPlanIsRefused) {
  Asset asset = make("loan");
  oldVersion(asset, 50);
  rule({.name = "old", .deleteAfter = 10 * day});
  std::string digest = plan().digest;
  oldVersion(asset, 50);
  EXPECT_EQ(thrownCode([&] { apply(digest); }), Code::conflict);
  EXPECT_EQ(live().size(), 2u);
  digest = plan().digest;
  rule({.name = "old", .deleteAfter = 11 * day});  // the same versions, by another revision
  EXPECT_EQ(thrownCode([&] { apply(digest); }), Code::conflict);
  EXPECT_EQ(live().size(), 2u);
}

TEST_P(RetentionTest, AnInterruptedApplicationGoesOn) {
  Asset asset = make("loan");
  for (int n = 0; n < 6; ++n) oldVersion(asset, 50);
  rule({.name = "old", .deleteAfter = 10 * day});
  std::string digest = plan().digest;
  EXPECT_FALSE(apply(digest, -1).finished);
  EXPECT_EQ(live().size(), 6u);
  // Meanwhile one is held, and one is deleted by somebody else.
  hold(asset, 3);
  change([&](Change& c) {
    registry::deleteVersion(c, registry::getVersion(c.transaction, asset.key, 4),
                            registry::ClearanceIssuer::remove(false));
  });
  RetentionProgress done = apply(digest);
  EXPECT_TRUE(done.finished);
  EXPECT_EQ(done.removed, 5);
  ASSERT_EQ(done.skipped.size(), 1u);
  EXPECT_EQ(done.skipped[0].reason, "legal hold 1 on model/loan@3");
  EXPECT_EQ(live(), (std::set<std::string>{"model/loan@3"}));
  EXPECT_EQ(entries("retention.finished").size(), 1u);
  EXPECT_EQ(thrownCode([&] { apply(digest); }), Code::conflict);
}

TEST_P(RetentionTest, AScheduleAppliesRulesAndFinishesWhatWasInterrupted) {
  Asset asset = make("loan");
  for (int n = 0; n < 3; ++n) oldVersion(asset, 50);
  RetentionSchedule schedule(*store_, day);
  EXPECT_EQ(schedule.round(nowMillis()), 0);
  rule({.name = "old", .deleteAfter = 10 * day});
  EXPECT_EQ(schedule.round(nowMillis()), 3);
  EXPECT_EQ(entries("version.deleted").back().at("actor").as_string(), "system:retention");
  oldVersion(asset, 50);
  EXPECT_EQ(schedule.round(nowMillis()), 0) << "once a day";
  std::string digest = plan().digest;
  applyRetention(*store_, registry::Actor::system("retention"), workspace_, digest, -1);
  EXPECT_EQ(schedule.round(nowMillis()), 1);
}

TEST_P(RetentionTest, DeletingFreesFilesThatNothingElseHas) {
  Asset asset = make("loan");
  change([&](Change& c) {
    registry::createVersion(c, asset, {.files = {{"a", std::string(64, 'a'), 5}, {"b", std::string(64, 'b'), 7}}});
    registry::createVersion(c, asset, {.files = {{"a", std::string(64, 'a'), 5}}});
  });
  rule({.name = "all", .keepNewest = 1, .deleteAfter = 0});
  RetentionPlan found = plan();
  ASSERT_EQ(found.items.size(), 1u);
  EXPECT_EQ(found.items[0].bytes, 12);
  EXPECT_EQ(apply(found.digest).removed, 1);
  EXPECT_EQ(count("version_file"), 1);
}

/// What must stay, computed from the tables in another way than the plan does.
std::set<std::string> mustStay(db::Transaction& s) {
  std::set<std::string> found;
  auto take = [&](const std::string& condition) {
    db::Rows rows =
        s.query("SELECT a.name, v.number FROM version v JOIN asset a ON a.id = v.asset WHERE v.deleted = 0 AND (" +
                condition + ")");
    while (rows.next()) found.insert(fmt::format("model/{}@{}", rows.text(0), rows.integer(1)));
  };
  take("EXISTS (SELECT 1 FROM alias l WHERE l.asset = v.asset AND l.number = v.number)");
  take("v.stage IN ('Staging', 'Production')");
  take("EXISTS (SELECT 1 FROM evidence e WHERE e.version = v.id)");
  take("EXISTS (SELECT 1 FROM legal_hold h WHERE h.lifted_at = 0 AND h.asset = v.asset AND h.number IN (0, v.number))");
  take(
      "EXISTS (SELECT 1 FROM legal_hold h WHERE h.lifted_at = 0 AND h.asset = 0 AND a.name LIKE "
      "replace(h.name_pattern, '*', '%'))");
  return found;
}

/// Random versions, aliases, stages, holds, evidence and rules: the plan never has what must stay, lists every version
/// of a matching asset once, and its application removes and archives exactly the plan.
TEST_P(RetentionTest, APlanNeverHasWhatMustStayAndIsDoneExactly) {
  std::mt19937 random(20261201);
  auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  int removed = 0, archived = 0;
  for (int round = 0; round < 12; ++round) {
    std::vector<Asset> assets;
    for (int a = 0; a < 4; ++a) {
      assets.push_back(make(fmt::format("r{}-{}", round, "abcd"[a])));
      const Asset& asset = assets.back();
      int versions = 1 + below(8);
      for (int n = 0; n < versions; ++n) {
        Version version = oldVersion(asset, below(100));
        if (below(8) == 0) cite(version);
        int fate = below(10);
        if (fate == 0) hold(asset, version.number);
        if (fate == 1)
          change([&](Change& c) { registry::archiveVersion(c, version, registry::ClearanceIssuer::archive()); });
      }
      for (int alias = below(3); alias > 0; --alias) {
        std::int64_t number = 1 + below(versions);
        bool archivedOne =
            read([&](db::Transaction& s) { return registry::getVersion(s, asset.key, number).isArchived(); });
        if (!archivedOne) point(asset, fmt::format("alias{}", alias), number);
      }
    }
    if (below(3) == 0)
      change([&](Change& c) {
        registry::placeHold(c, {.workspace = workspace_,
                                .kind = "*",
                                .namePattern = fmt::format("r{}-{}*", round, "abcd"[below(4)]),
                                .reason = "case"});
      });
    int rules = 1 + below(3);
    for (int r = 0; r < rules; ++r) {
      RetentionRule one{.name = fmt::format("rule-{}", r),
                        .kind = below(2) == 0 ? "*" : "model",
                        .namePattern = below(2) == 0 ? "*" : fmt::format("r{}-{}*", round, "abcd"[below(4)]),
                        .keepNewest = below(4)};
      std::int64_t after = below(60) * day;
      if (below(3) != 0) one.deleteAfter = after + below(40) * day;
      if (below(2) == 0 || !one.deleteAfter) one.archiveAfter = after;
      one.age = below(2) == 0 ? AgeOf::creation : AgeOf::use;
      rule(one);
    }
    RetentionPlan found = plan();
    std::set<std::string> goes = subjects(found, RetentionAct::remove), rests = subjects(found, RetentionAct::archive);
    std::set<std::string> stays = read([&](db::Transaction& s) { return mustStay(s); });
    for (const std::string& subject : stays) EXPECT_FALSE(goes.contains(subject)) << subject;
    std::set<std::string> kept;
    for (const KeptItem& item : found.kept) EXPECT_TRUE(kept.insert(item.subject).second && !item.reason.empty());
    for (const std::string& subject : goes) EXPECT_FALSE(kept.contains(subject) || rests.contains(subject)) << subject;

    std::set<std::string> before = live(), archivedBefore = live("v.archived_at <> 0");
    std::size_t deletions = entries("version.deleted").size();
    // Interrupted at first, in some rounds.
    if (below(2) != 0 || !apply(found.digest, 0).finished) EXPECT_TRUE(apply(found.digest).finished);
    std::set<std::string> after = live(), archivedAfter = live("v.archived_at <> 0");
    for (const std::string& subject : before) EXPECT_EQ(after.contains(subject), !goes.contains(subject)) << subject;
    for (const std::string& subject : after)
      EXPECT_EQ(archivedAfter.contains(subject), archivedBefore.contains(subject) || rests.contains(subject))
          << subject;
    EXPECT_EQ(entries("version.deleted").size() - deletions, goes.size());
    for (const json::value& entry : entries("version.deleted"))
      EXPECT_TRUE(entry.at("data").as_object().contains("rule")) << json::serialize(entry);
    removed += static_cast<int>(goes.size());
    archived += static_cast<int>(rests.size());
    for (int r = 0; r < rules; ++r) change([&](Change& c) { deleteRule(c, workspace_, fmt::format("rule-{}", r)); });
  }
  EXPECT_GT(removed, 20);
  EXPECT_GT(archived, 10);
}

}  // namespace regesta::lifecycle

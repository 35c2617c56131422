#include "registry/pointer.h"

#include "support/registry_test.h"

namespace regesta::registry {

class PointerTest : public RegistryTest {
 protected:
  Version stage(const Asset& asset, std::int64_t number, const std::string& name, bool archive = false,
                const std::string& decision = {}) {
    return change([&](Change& c) {
      Version version = getVersion(c.transaction, asset.key, number);
      Pointer pointer = Pointer::stage(name);
      return moveStage(c, version,
                       ClearanceIssuer::move(pointer, holderOf(c.transaction, asset, pointer), number, decision),
                       archive);
    });
  }
  std::string stageOf(const Asset& asset, std::int64_t number) {
    return read([&](db::Transaction& s) { return getVersion(s, asset.key, number).stage; });
  }
};
REGESTA_ON_BOTH(PointerTest);

TEST_P(PointerTest, AliasesMoveAndGo) {
  Asset asset = make("m");
  add(asset);
  Version second = add(asset);
  point(asset, "champion", 1);
  point(asset, "champion", 2);
  point(asset, "candidate", 2);
  EXPECT_EQ(read([&](db::Transaction& s) { return findAlias(s, asset, "champion")->number; }), 2);
  EXPECT_EQ(read([&](db::Transaction& s) { return aliasesOf(s, second); }),
            (std::vector<std::string>{"candidate", "champion"}));
  point(asset, "champion", 0);
  EXPECT_FALSE(read([&](db::Transaction& s) { return findAlias(s, asset, "champion"); }));
  point(asset, "never", 0);
  EXPECT_EQ(actions().back(), "alias.removed");
}

TEST_P(PointerTest, AStaleClearanceMovesNothing) {
  Asset asset = make("m");
  add(asset);
  add(asset);
  point(asset, "production", 1);
  thrown(Code::conflict, [&] {
    change([&](Change& c) { moveAlias(c, asset, ClearanceIssuer::move(Pointer::alias("production"), 0, 2)); });
  });
  thrown(Code::notFound, [&] { point(asset, "production", 9); });
  EXPECT_EQ(read([&](db::Transaction& s) { return holderOf(s, asset, Pointer::alias("production")); }), 1);
}

TEST_P(PointerTest, ReservedAndMalformedAliasesAreRefused) {
  for (const char* alias :
       {"", "latest", "LATEST", "v1", "V22", "a b", "a/b", "é", "1.2", "1.4.2", "1.x", "prod.b17", "a.b.b0"})
    thrown(Code::invalid, [&] { checkAlias(alias); });
  for (const char* alias : {"v", "v1a", "production", "a_b-c", "a.b", "prod.b", "prod.b1x", "production.canary"})
    checkAlias(alias);
  thrown(Code::invalid, [&] { checkAlias(std::string(256, 'a')); });
}

TEST_P(PointerTest, StagesArchiveTheOthers) {
  Asset asset = make("m");
  for (int i = 0; i < 3; ++i) add(asset);
  stage(asset, 1, "Production");
  stage(asset, 2, "Production");
  EXPECT_EQ(read([&](db::Transaction& s) { return holderOf(s, asset, Pointer::stage("Production")); }), 2);
  stage(asset, 3, "Production", true);
  EXPECT_EQ(stageOf(asset, 1), "Archived");
  EXPECT_EQ(stageOf(asset, 2), "Archived");
  EXPECT_EQ(stageOf(asset, 3), "Production");
  EXPECT_EQ(canonicalStage("pRODUCTION"), "Production");
  thrown(Code::invalid, [] { canonicalStage("live"); });
}

TEST_P(PointerTest, AProtectedStageIsNotLeftWithoutADecision) {
  protect("m", "stage:Production");
  Asset asset = make("m");
  add(asset);
  stage(asset, 1, "Production", false, "decided");
  thrown(Code::refused, [&] { stage(asset, 1, "Archived"); });
  EXPECT_EQ(stageOf(asset, 1), "Production");
  stage(asset, 1, "Archived", false, "decided again");
  EXPECT_EQ(stageOf(asset, 1), "Archived");
}

TEST_P(PointerTest, BindingsProtectByPattern) {
  protect("loan-*", "production");
  auto isGuarded = [&](const char* name, const char* pointer, Kind kind = Kind::model) {
    return read([&](db::Transaction& s) { return isProtected(s, {"default", kind, name}, Pointer::read(pointer)); });
  };
  EXPECT_TRUE(isGuarded("loan-risk", "production"));
  EXPECT_FALSE(isGuarded("loan-risk", "staging"));
  EXPECT_FALSE(isGuarded("risk", "production"));
  EXPECT_FALSE(isGuarded("loan-risk", "production", Kind::prompt));
}

TEST_P(PointerTest, HistoryTellsEveryPositionThroughRenames) {
  Asset asset = make("first");
  for (int i = 0; i < 3; ++i) add(asset);
  point(asset, "production", 1, "d1");
  point(asset, "production", 2, "d2");
  asset = change([&](Change& c) { return renameAsset(c, asset, "second", ClearanceIssuer::rename()); });
  point(asset, "production", 3);
  point(asset, "other", 3);
  point(asset, "production", 0);
  std::vector<Position> history =
      read([&](db::Transaction& s) { return pointerHistory(s, asset.key, Pointer::alias("production")); });
  ASSERT_EQ(history.size(), 4u);
  std::vector<std::int64_t> to;
  for (const Position& position : history) to.push_back(position.to);
  EXPECT_EQ(to, (std::vector<std::int64_t>{1, 2, 3, 0}));
  EXPECT_EQ(history[1].from, 1);
  EXPECT_EQ(history[1].decision, "d2");
  EXPECT_EQ(history[1].actor, "user:anna");
  EXPECT_EQ(history[3].action, Action::aliasRemoved);
  EXPECT_GT(history[0].at, 1'600'000'000'000);
  EXPECT_LT(history[0].entryId, history[3].entryId);
}

TEST_P(PointerTest, ManyRenamesHideNothing) {
  Asset asset = make("n0");
  add(asset);
  point(asset, "production", 1);
  for (int i = 1; i <= 150; ++i)
    asset =
        change([&](Change& c) { return renameAsset(c, asset, fmt::format("n{}", i % 4), ClearanceIssuer::rename()); });
  point(asset, "production", 0);
  std::vector<Position> history =
      read([&](db::Transaction& s) { return pointerHistory(s, asset.key, Pointer::alias("production")); });
  ASSERT_EQ(history.size(), 2u);
  EXPECT_EQ(history[0].to, 1);
  EXPECT_EQ(history[1].action, Action::aliasRemoved);
}

TEST_P(PointerTest, HistoryFollowsTheTreeAndNotRowNumbers) {
  Asset asset = make("m");
  for (int i = 0; i < 2; ++i) add(asset);
  point(asset, "production", 1);
  point(asset, "production", 2);
  auto numbers = [&] {
    std::vector<std::int64_t> to;
    for (const Position& p :
         read([&](db::Transaction& s) { return pointerHistory(s, asset.key, Pointer::alias("production")); }))
      to.push_back(p.to);
    return to;
  };
  ASSERT_EQ(numbers(), (std::vector<std::int64_t>{1, 2}));
  // The tree has them the other way round.
  write([&](db::Transaction& s) {
    s.run("UPDATE ledger_entry SET idx = CASE WHEN action = 'alias.moved' THEN 1000 - id ELSE id END");
  });
  EXPECT_EQ(numbers(), (std::vector<std::int64_t>{2, 1}));
  write([&](db::Transaction& s) {
    s.run("UPDATE ledger_entry SET refused = 1 WHERE id = (SELECT MAX(id) FROM ledger_entry)");
  });
  EXPECT_EQ(numbers(), (std::vector<std::int64_t>{1})) << "what the integrator refused is no move";
}

TEST_P(PointerTest, RefusedMovesAreThoseOfThisAssetThroughRenames) {
  auto refuse = [&](const Asset& asset) {
    change([&](Change& c) {
      c.record(Action::aliasMoveRefused, asset.key.workspace, asset.key.subject() + "#production",
               {{"from", 1}, {"to", 2}, {"codes", json::array{"low", "late"}}});
    });
  };
  Asset earlier = make("first");
  refuse(earlier);
  change([&](Change& c) { deleteAsset(c, earlier, ClearanceIssuer::remove(true)); });
  Asset asset = make("first");
  refuse(asset);
  asset = change([&](Change& c) { return renameAsset(c, asset, "second", ClearanceIssuer::rename()); });
  refuse(asset);
  std::vector<RefusedMove> refused =
      read([&](db::Transaction& s) { return refusedMoves(s, asset.key, Pointer::alias("production")); });
  ASSERT_EQ(refused.size(), 2u);
  EXPECT_EQ(refused[0].to, 2);
  EXPECT_EQ(refused[0].codes, (std::vector<std::string>{"low", "late"}));
  EXPECT_EQ(refused[1].actor, "user:anna");
  EXPECT_TRUE(
      read([&](db::Transaction& s) { return pointerHistory(s, asset.key, Pointer::alias("production")); }).empty());
}

TEST_P(PointerTest, HistoryIsNotThatOfAnEarlierAssetOfTheName) {
  Asset first = make("m");
  add(first);
  point(first, "production", 1);
  change([&](Change& c) { deleteAsset(c, first, ClearanceIssuer::remove(true)); });
  Asset second = make("m");
  EXPECT_TRUE(
      read([&](db::Transaction& s) { return pointerHistory(s, second.key, Pointer::alias("production")); }).empty());
  add(second);
  point(second, "production", 1);
  EXPECT_EQ(
      read([&](db::Transaction& s) { return pointerHistory(s, second.key, Pointer::alias("production")).size(); }), 1u);
}

TEST_P(PointerTest, StageHistoryKnowsWhatLeft) {
  Asset asset = make("m");
  add(asset);
  add(asset);
  stage(asset, 1, "Production");
  stage(asset, 2, "Production");
  stage(asset, 2, "Archived");
  std::vector<Position> history =
      read([&](db::Transaction& s) { return pointerHistory(s, asset.key, Pointer::stage("Production")); });
  ASSERT_EQ(history.size(), 3u);
  EXPECT_EQ(history[2].action, Action::stageLeft);
  EXPECT_EQ(history[2].from, 2);
  EXPECT_EQ(history[2].to, 1);
}

}  // namespace regesta::registry

#include "registry/standing.h"

#include "base/time.h"
#include "registry/lineage.h"
#include "support/registry_test.h"

namespace regesta::registry {

class StandingTest : public RegistryTest {
 protected:
  /// A moment that is over before anything else happens.
  static std::int64_t moment() {
    std::int64_t now = nowMillis();
    while (nowMillis() == now) {
    }
    return now;
  }
  std::int64_t at(const Asset& asset, const std::string& pointer, std::int64_t when) {
    return read([&](db::Transaction& s) { return standingAt(s, asset.key, Pointer::read(pointer), when).number; });
  }
  void stage(const Asset& asset, std::int64_t number, const std::string& name, bool archive = false) {
    change([&](Change& c) {
      Pointer pointer = Pointer::stage(name);
      moveStage(c, getVersion(c.transaction, asset.key, number),
                ClearanceIssuer::move(pointer, holderOf(c.transaction, asset, pointer), number), archive);
    });
  }
};
REGESTA_ON_BOTH(StandingTest);

TEST_P(StandingTest, AnAliasStoodWhereItStoodThen) {
  Asset asset = make("m");
  for (int i = 0; i < 3; ++i) add(asset);
  std::int64_t before = moment();
  point(asset, "production", 1);
  std::int64_t first = moment();
  point(asset, "production", 2);
  point(asset, "champion", 3);
  std::int64_t second = moment();
  point(asset, "production", 0);
  std::int64_t gone = moment();
  EXPECT_EQ(at(asset, "production", before), 0);
  EXPECT_EQ(at(asset, "production", first), 1);
  EXPECT_EQ(at(asset, "production", second), 2);
  EXPECT_EQ(at(asset, "production", gone), 0);
  Standing standing =
      read([&](db::Transaction& s) { return standingAt(s, asset.key, Pointer::alias("production"), first); });
  ASSERT_TRUE(standing.since && standing.until);
  EXPECT_EQ(standing.since->actor, "user:anna");
  EXPECT_EQ(standing.until->to, 2);
  EXPECT_FALSE(
      read([&](db::Transaction& s) { return standingAt(s, asset.key, Pointer::alias("production"), gone).until; }));
  std::vector<StandingPointer> all = read([&](db::Transaction& s) { return pointersAt(s, asset.key, second); });
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].pointer.text() + "=" + std::to_string(all[0].number), "champion=3");
  EXPECT_EQ(all[1].pointer.text() + "=" + std::to_string(all[1].number), "production=2");
}

TEST_P(StandingTest, AStageStoodOnItsNewestVersion) {
  Asset asset = make("m");
  for (int i = 0; i < 3; ++i) add(asset);
  stage(asset, 2, "Production");
  stage(asset, 1, "Production");
  std::int64_t two = moment();
  stage(asset, 3, "Production", true);
  std::int64_t three = moment();
  EXPECT_EQ(at(asset, "stage:Production", two), 2);
  EXPECT_EQ(at(asset, "stage:Archived", two), 0);
  EXPECT_EQ(at(asset, "stage:Production", three), 3);
  EXPECT_EQ(at(asset, "stage:Archived", three), 2);
  EXPECT_EQ(at(asset, "stage:Archived", three),
            read([&](db::Transaction& s) { return holderOf(s, asset, Pointer::stage("Archived")); }));
  stage(asset, 3, "None");
  EXPECT_EQ(at(asset, "stage:Production", moment()), 0);
}

TEST_P(StandingTest, ThePastOutlivesTheAsset) {
  Asset asset = make("m");
  add(asset);
  point(asset, "production", 1);
  std::int64_t stood = moment();
  change([&](Change& c) { deleteAsset(c, getAsset(c.transaction, asset.key), ClearanceIssuer::remove(true)); });
  EXPECT_EQ(at(asset, "production", stood), 1);
  EXPECT_EQ(at(asset, "production", moment()), 0);
}

TEST_P(StandingTest, AnotherAssetsPointersAreNotTakenForThisOnes) {
  Asset other = make("m#x");  // as a database of an earlier version may have it beside "m"
  add(other);
  point(other, "production", 1);
  AssetKey key = other.key;
  key.name = "m";
  EXPECT_TRUE(read([&](db::Transaction& s) { return pointersAt(s, key, nowMillis()); }).empty());
}

TEST_P(StandingTest, LineageLeavesOutWhatCameLater) {
  change([](Change& c) {
    addEdge(c.transaction, "default", {"dataset/d@1", "run/r", "input", 1000});
    addEdge(c.transaction, "default", {"run/r", "model/m@1", "registered", 2000});
    addEdge(c.transaction, "default", {"model/m@1", "model/n@1", "copied", 3000});
  });
  auto edges = [&](std::int64_t then) {
    return read(
        [&](db::Transaction& s) { return lineage(s, "default", "model/m@1", Direction::both, 16, 1000, then).size(); });
  };
  EXPECT_EQ(edges(999), 0U);
  EXPECT_EQ(edges(1500), 0U);  // what is behind an edge that was not there is not reached
  EXPECT_EQ(edges(2000), 2U);
  EXPECT_EQ(edges(3000), 3U);
}

}  // namespace regesta::registry

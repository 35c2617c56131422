#include "registry/standing.h"

#include "base/time.h"
#include "fixture.h"
#include "registry/lineage.h"

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
    return read([&](db::Session& s) { return standingAt(s, asset.key, pointer, when).number; });
  }
  void stage(const Asset& asset, std::int64_t number, const std::string& name, bool archive = false) {
    change([&](Change& c) {
      std::string pointer = "stage:" + name;
      moveStage(c, getVersion(c.session, asset.key, number),
                Gate::leave(pointer, holderOf(c.session, asset, pointer), number), archive);
    });
  }
};
REGESTA_REGISTRY_ON_BOTH(StandingTest);

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
  Standing standing = read([&](db::Session& s) { return standingAt(s, asset.key, "production", first); });
  ASSERT_TRUE(standing.since && standing.until);
  EXPECT_EQ(standing.since->actor, "user:anna");
  EXPECT_EQ(standing.until->to, 2);
  EXPECT_FALSE(read([&](db::Session& s) { return standingAt(s, asset.key, "production", gone).until; }));
  std::vector<StandingPointer> all = read([&](db::Session& s) { return pointersAt(s, asset.key, second); });
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].pointer + "=" + std::to_string(all[0].number), "champion=3");
  EXPECT_EQ(all[1].pointer + "=" + std::to_string(all[1].number), "production=2");
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
            read([&](db::Session& s) { return holderOf(s, asset, "stage:Archived"); }));
  stage(asset, 3, "None");
  EXPECT_EQ(at(asset, "stage:Production", moment()), 0);
}

TEST_P(StandingTest, ThePastOutlivesTheAsset) {
  Asset asset = make("m");
  add(asset);
  point(asset, "production", 1);
  std::int64_t stood = moment();
  change([&](Change& c) { deleteAsset(c, getAsset(c.session, asset.key)); });
  EXPECT_EQ(at(asset, "production", stood), 1);
  EXPECT_EQ(at(asset, "production", moment()), 0);
}

TEST_P(StandingTest, AnotherAssetsPointersAreNotTakenForThisOnes) {
  Asset asset = make("m"), other = make("m#x");
  add(other);
  point(other, "production", 1);
  EXPECT_TRUE(read([&](db::Session& s) { return pointersAt(s, asset.key, nowMillis()); }).empty());
}

TEST_P(StandingTest, LineageLeavesOutWhatCameLater) {
  write([&](db::Session& s) {
    addEdge(s, "default", {"dataset/d@1", "run/r", "input", 1000});
    addEdge(s, "default", {"run/r", "model/m@1", "registered", 2000});
    addEdge(s, "default", {"model/m@1", "model/n@1", "copied", 3000});
  });
  auto edges = [&](std::int64_t then) {
    return read(
        [&](db::Session& s) { return lineage(s, "default", "model/m@1", Direction::both, 16, 1000, then).size(); });
  };
  EXPECT_EQ(edges(999), 0U);
  EXPECT_EQ(edges(1500), 0U);  // what is behind an edge that was not there is not reached
  EXPECT_EQ(edges(2000), 2U);
  EXPECT_EQ(edges(3000), 3U);
}

}  // namespace regesta::registry

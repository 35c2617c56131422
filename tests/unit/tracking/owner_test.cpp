#include "tracking/owner.h"

#include "registry/tree.h"
#include "support/tracking_test.h"
#include "tracking/logged_model.h"

namespace regesta::tracking {

class OwnerTest : public TrackingTest {
 protected:
  Experiment placed(const std::string& name, const std::string& location) {
    return change(
        [&](registry::Change& c) { return createExperiment(c, workspace_, name, location, {}, "mlflow-artifacts:/"); });
  }
  Owner owner(const std::string& path) {
    return read([&](db::Transaction& s) { return ownerOf(s, workspace_, path); });
  }
  std::vector<std::string> names(const std::string& path) {
    std::vector<std::string> found;
    for (const Experiment& experiment : owner(path).experiments) found.push_back(experiment.name);
    return found;
  }
  Ground ground(const std::string& path) {
    return read([&](db::Transaction& s) { return groundOf(s, workspace_, path, ownerOf(s, workspace_, path)); });
  }
  void put(const std::string& path) {
    write([&](db::Transaction& s) { registry::putFile(s, workspace_, path, {"d", 1}, {"user:anna"}); });
  }
};
REGESTA_ON_BOTH(OwnerTest);

TEST_P(OwnerTest, APathBelongsToTheNearestExperimentAboveIt) {
  placed("outer", "mlflow-artifacts:/vault");
  placed("inner", "mlflow-artifacts:/v%61ult/deep/");
  placed("far", "s3://bucket/vault");
  std::string id = std::to_string(placed("usual", "").id);
  EXPECT_EQ(names("vault"), std::vector<std::string>{"outer"});
  EXPECT_EQ(names("vault/a/b/c/d/e/f/g/h/i/j/k"), std::vector<std::string>{"outer"});
  EXPECT_EQ(names("vault/deep/x"), std::vector<std::string>{"inner"});
  EXPECT_EQ(names("vault/deeper"), std::vector<std::string>{"outer"});
  EXPECT_EQ(names(id + "/x"), std::vector<std::string>{"usual"});
  EXPECT_TRUE(names("vaults").empty());
  EXPECT_TRUE(names("").empty());
  EXPECT_TRUE(read([](db::Transaction& s) { return ownerOf(s, "other", "vault/x").experiments.empty(); }));
}

TEST_P(OwnerTest, ARunsFolderIsItsOwn) {
  Experiment one = placed("one", "mlflow-artifacts:/shared"), two = placed("two", "mlflow-artifacts:/shared");
  std::string run = makeRun({.experiment = two.id});
  auto model = write([&](db::Transaction& s) { return createLoggedModel(s, workspace_, {.experiment = one.id}); });
  EXPECT_EQ(owner("shared/" + run + "/artifacts/x").runId, run);
  EXPECT_EQ(names("shared/" + run), std::vector<std::string>{"two"});
  EXPECT_EQ(owner("shared/models/" + model.modelId).modelId, model.modelId);
  EXPECT_EQ(names("shared/models/" + model.modelId), std::vector<std::string>{"one"});
  EXPECT_EQ(names("shared/loose").size(), 2u);
  EXPECT_FALSE(owner("shared/loose").ofOne());
}

TEST_P(OwnerTest, AFolderOfSeveralIsShared) {
  Experiment one = placed("one", "");
  std::string folder = std::to_string(one.id), run = makeRun({.experiment = one.id});
  for (const std::string& shared : {std::string(), folder, folder + "/models"})
    EXPECT_EQ(ground(shared), Ground::shared) << shared;
  EXPECT_EQ(ground(folder + "/" + run), Ground::own);
  EXPECT_EQ(ground(folder + "/" + run + "/artifacts/model"), Ground::own);
  put("data/a/file");
  put("data/b/file");
  EXPECT_EQ(ground("data"), Ground::shared);
  EXPECT_EQ(ground("data/a"), Ground::loose);
  EXPECT_EQ(ground("data/a/file"), Ground::loose);
  EXPECT_EQ(ground("nothing"), Ground::loose);
  placed("nested", "mlflow-artifacts:/data/a/x");
  EXPECT_EQ(ground("data/a"), Ground::shared);
}

TEST_P(OwnerTest, ExperimentsThatDoNotExistAreNamedByTheirNumber) {
  std::string there = std::to_string(placed("one", "").id);
  auto missing = [&](const std::string& path) {
    return read([&](db::Transaction& s) { return namesMissingExperiment(s, workspace_, path); });
  };
  EXPECT_FALSE(missing(there + "/x"));
  EXPECT_TRUE(missing("4711/x"));
  EXPECT_TRUE(missing("4711"));
  EXPECT_FALSE(missing("x/4711"));
}

}  // namespace regesta::tracking

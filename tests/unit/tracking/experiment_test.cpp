#include "support/tracking_test.h"

namespace regesta::tracking {
namespace {

class ExperimentTest : public TrackingTest {
 protected:
  std::vector<std::string> found(const ExperimentSearch& search) {
    return read([&](db::Transaction& transaction) {
      std::vector<std::string> names;
      for (const Experiment& e : searchExperiments(transaction, workspace_, search).items) names.push_back(e.name);
      return names;
    });
  }
  std::optional<Experiment> find(std::int64_t id) {
    return read([&](db::Transaction& transaction) { return findExperiment(transaction, workspace_, id); });
  }
};
REGESTA_ON_BOTH(ExperimentTest);

using Names = std::vector<std::string>;

TEST_P(ExperimentTest, ANewRegisterHasTheDefaultExperiment) {
  auto experiment = find(0);
  ASSERT_TRUE(experiment);
  EXPECT_EQ(experiment->name, "Default");
  EXPECT_EQ(experiment->artifactLocation, "mlflow-artifacts:/0");
  EXPECT_GT(experiment->createdAt, 0);
  prepareTracking(*store_, "s3://elsewhere");  // a later start with another root moves nothing
  EXPECT_EQ(find(0)->artifactLocation, "mlflow-artifacts:/0");
}

TEST_P(ExperimentTest, IdsCountFromOneAndLocationsFollowThem) {
  EXPECT_EQ(makeExperiment("a", {{"team", "risk"}}), 1);
  EXPECT_EQ(makeExperiment("b"), 2);
  EXPECT_EQ(find(2)->artifactLocation, "mlflow-artifacts:/2");
  EXPECT_EQ(find(1)->tags, (Texts{{"team", "risk"}}));
  auto recorded = entries("experiment.created");
  ASSERT_EQ(recorded.size(), 2u);
  EXPECT_EQ(recorded[0].at("subject").get_string(), "experiment/1");
  EXPECT_EQ(recorded[0].at("actor").get_string(), "user:anna");
  EXPECT_EQ(recorded[0].at("data").at("name").get_string(), "a");
}

TEST_P(ExperimentTest, NamesAreUniqueAmongActiveAndDeleted) {
  std::int64_t id = makeExperiment("a");
  EXPECT_EQ(thrown(Code::exists, [&] { makeExperiment("a"); }), "an experiment named 'a' already exists");
  change([&](registry::Change& c) { deleteExperiment(c, workspace_, id, registry::ClearanceIssuer::remove(false)); });
  EXPECT_NE(thrown(Code::exists, [&] { makeExperiment("a"); }).find("a deleted experiment named 'a'"),
            std::string::npos);
  EXPECT_EQ(thrown(Code::invalid, [&] { makeExperiment(""); }), "name: must not be empty");
  thrown(Code::invalid, [&] { makeExperiment(std::string(501, 'x')); });
  thrown(Code::invalid, [&] { makeExperiment("t", {{"bad?", "x"}}); });
  EXPECT_EQ(count("experiment WHERE name = 't'"), 0);
}

TEST_P(ExperimentTest, WorkspacesDoNotSeeEachOther) {
  std::int64_t id =
      change([&](registry::Change& c) { return createExperiment(c, "other", "a", "", {}, "mlflow-artifacts:/").id; });
  EXPECT_FALSE(find(id));
  makeExperiment("a");
  thrown(Code::notFound, [&] { makeRun({.experiment = id}); });
}

TEST_P(ExperimentTest, DeletingTakesTheRunsAlongAndRestoringBringsThemBack) {
  std::int64_t id = makeExperiment("a");
  std::string runId = makeRun({.experiment = id});
  change([&](registry::Change& c) { deleteExperiment(c, workspace_, id, registry::ClearanceIssuer::remove(false)); });
  EXPECT_TRUE(find(id)->deleted);
  EXPECT_TRUE(run(runId).deleted);
  EXPECT_EQ(thrown(Code::invalid, [&] { makeRun({.experiment = id}); }),
            "the experiment '1' is deleted: restore it first");
  thrown(Code::notFound, [&] {
    change([&](registry::Change& c) { deleteExperiment(c, workspace_, id, registry::ClearanceIssuer::remove(false)); });
  });
  thrown(Code::invalidState, [&] { change([&](registry::Change& c) { renameExperiment(c, workspace_, id, "b"); }); });
  change([&](registry::Change& c) { restoreExperiment(c, workspace_, id); });
  EXPECT_FALSE(find(id)->deleted);
  EXPECT_FALSE(run(runId).deleted);
  EXPECT_EQ(entries("experiment.deleted").size() + entries("experiment.restored").size(), 2u);
}

TEST_P(ExperimentTest, RenamingKeepsTheRulesOfNames) {
  std::int64_t id = makeExperiment("a");
  makeExperiment("b");
  thrown(Code::exists, [&] { change([&](registry::Change& c) { renameExperiment(c, workspace_, id, "b"); }); });
  change([&](registry::Change& c) { renameExperiment(c, workspace_, id, "c"); });
  EXPECT_EQ(find(id)->name, "c");
  EXPECT_EQ(
      thrown(Code::notFound, [&] { change([&](registry::Change& c) { renameExperiment(c, workspace_, 77, "x"); }); }),
      "the experiment '77' does not exist");
}

TEST_P(ExperimentTest, TagsAreSetAndDeleted) {
  std::int64_t id = makeExperiment("a");
  write([&](db::Transaction& s) { setExperimentTag(s, workspace_, id, "k", "v1"); });
  write([&](db::Transaction& s) { setExperimentTag(s, workspace_, id, "k", "v2"); });
  EXPECT_EQ(find(id)->tags, (Texts{{"k", "v2"}}));
  write([&](db::Transaction& s) { deleteExperimentTag(s, workspace_, id, "k"); });
  EXPECT_EQ(
      thrown(Code::notFound, [&] { write([&](db::Transaction& s) { deleteExperimentTag(s, workspace_, id, "k"); }); }),
      "the experiment '1' has no tag 'k'");
  thrown(Code::invalid, [&] {
    write([&](db::Transaction& s) { setExperimentTag(s, workspace_, id, "k", std::string(20'001, 'x')); });
  });
}

TEST_P(ExperimentTest, SearchFiltersOrdersAndPages) {
  std::int64_t a = makeExperiment("a", {{"k", "1"}});
  makeExperiment("b", {{"k", "2"}});
  makeExperiment("Abc");
  change([&](registry::Change& c) { deleteExperiment(c, workspace_, a, registry::ClearanceIssuer::remove(false)); });
  EXPECT_EQ(found({.orderBy = {"name ASC"}}), (Names{"Abc", "Default", "b"}));
  EXPECT_EQ(found({.orderBy = {"name DESC"}, .view = View::all}), (Names{"b", "a", "Default", "Abc"}));
  EXPECT_EQ(found({.view = View::deletedOnly}), Names{"a"});
  EXPECT_EQ(found({.filter = "tags.k = '2'"}), Names{"b"});
  EXPECT_EQ(found({.filter = "tags.k != '9'", .view = View::all}).size(), 2u);
  EXPECT_EQ(found({.filter = "name ILIKE 'a%'"}), Names{"Abc"});
  EXPECT_EQ(found({.orderBy = {"experiment_id ASC"}}), (Names{"Default", "b", "Abc"}));
  thrown(Code::invalid, [&] { found({.maxResults = 0}); });
  thrown(Code::invalid, [&] { found({.filter = "params.x = 'y'"}); });
  thrown(Code::invalid, [&] { found({.pageToken = "evil"}); });

  ExperimentSearch search{.orderBy = {"name ASC"}, .maxResults = 2};
  auto first = read([&](db::Transaction& s) { return searchExperiments(s, workspace_, search); });
  ASSERT_EQ(first.items.size(), 2u);
  ASSERT_FALSE(first.nextPageToken.empty());
  search.pageToken = first.nextPageToken;
  auto second = read([&](db::Transaction& s) { return searchExperiments(s, workspace_, search); });
  ASSERT_EQ(second.items.size(), 1u);
  EXPECT_EQ(second.items[0].name, "b");
  EXPECT_TRUE(second.nextPageToken.empty());
}

}  // namespace
}  // namespace regesta::tracking

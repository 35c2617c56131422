#include "support/tracking_test.h"
#include "tracking/input.h"
#include "tracking/logged_model.h"
#include "tracking/model_search.h"

namespace regesta::tracking {
namespace {

class ModelTest : public TrackingTest {
 protected:
  std::string make(const NewLoggedModel& made = {}) {
    return write([&](db::Transaction& s) { return createLoggedModel(s, workspace_, made).modelId; });
  }
  LoggedModel model(const std::string& id, bool deletedToo = false) {
    return read([&](db::Transaction& s) { return getLoggedModel(s, workspace_, id, deletedToo); });
  }
  void measure(const std::string& run, const std::string& modelId, const std::string& key, double value,
               std::int64_t time = 0, const std::string& dataset = "", const std::string& digest = "") {
    write(
        [&](db::Transaction& s) { logMetric(s, workspace_, run, {{key, value, time, 0}, modelId, dataset, digest}); });
  }
  Page<LoggedModel> search(ModelSearch query) {
    if (query.experiments.empty()) query.experiments = {"0"};
    return read([&](db::Transaction& s) { return searchLoggedModels(s, workspace_, query); });
  }
  std::string names(const ModelSearch& query) {
    std::string all;
    for (const LoggedModel& m : search(query).items) all += m.name;
    return all;
  }
};
REGESTA_ON_BOTH(ModelTest);

TEST_P(ModelTest, LifeOfALoggedModel) {
  std::string id =
      make({.name = "m", .modelType = "agent", .sourceRun = "r1", .params = {{"p", "1"}}, .tags = {{"t", "1"}}});
  LoggedModel made = model(id);
  EXPECT_EQ(made.status, ModelStatus::pending);
  EXPECT_EQ(made.artifactUri, "mlflow-artifacts:/0/models/" + id + "/artifacts");
  change([&](registry::Change& c) { finalizeLoggedModel(c, workspace_, id, ModelStatus::ready); });
  EXPECT_EQ(model(id).status, ModelStatus::ready);
  auto recorded = entries("logged-model.finalized");
  ASSERT_EQ(recorded.size(), 1u);
  EXPECT_EQ(recorded[0].at("subject").get_string(), "logged-model/" + id);
  EXPECT_EQ(recorded[0].at("data").at("run").get_string(), "r1");

  write([&](db::Transaction& s) { setLoggedModelTags(s, workspace_, id, {{"t", "2"}, {"u", "3"}}); });
  write([&](db::Transaction& s) { deleteLoggedModelTag(s, workspace_, id, "u"); });
  EXPECT_EQ(model(id).tags, (Texts{{"t", "2"}}));
  EXPECT_EQ(
      thrown(Code::notFound, [&] { write([&](db::Transaction& s) { deleteLoggedModelTag(s, workspace_, id, "u"); }); }),
      "the logged model '" + id + "' has no tag 'u'");
  write([&](db::Transaction& s) { addLoggedModelParams(s, workspace_, id, {{"p", "1"}, {"q", "2"}}); });
  thrown(Code::invalid, [&] {
    write([&](db::Transaction& s) { addLoggedModelParams(s, workspace_, id, {{"p", "9"}, {"z", "1"}}); });
  });
  EXPECT_EQ(model(id).params, (Texts{{"p", "1"}, {"q", "2"}}));

  change([&](registry::Change& c) { deleteLoggedModel(c, workspace_, id, registry::ClearanceIssuer::remove(false)); });
  EXPECT_EQ(thrown(Code::notFound, [&] { model(id); }), "the logged model '" + id + "' does not exist");
  EXPECT_TRUE(model(id, true).deleted);
}

TEST_P(ModelTest, NamesAndExperimentsAreChecked) {
  EXPECT_FALSE(model(make()).name.empty());
  EXPECT_EQ(thrown(Code::invalid, [&] { make({.name = "a/b"}); }),
            "name: must not be empty or contain any of / : . % \" ', got \"a/b\"");
  thrown(Code::notFound, [&] { make({.experiment = 9}); });
  std::int64_t id = makeExperiment("e");
  change([&](registry::Change& c) { deleteExperiment(c, workspace_, id, registry::ClearanceIssuer::remove(false)); });
  thrown(Code::invalid, [&] { make({.experiment = id}); });
}

TEST_P(ModelTest, RegistrationsAreNotedAsTheClientWritesThem) {
  std::string id = make({.name = "m"});
  write([&](db::Transaction& s) { noteRegistration(s, id, "loan-risk", 1); });
  EXPECT_EQ(model(id).tags.at("mlflow.modelVersions"), R"([{"name": "loan-risk", "version": 1}])");
  write([&](db::Transaction& s) { noteRegistration(s, id, "a\"b", 12); });
  EXPECT_EQ(model(id).tags.at("mlflow.modelVersions"),
            R"([{"name": "loan-risk", "version": 1}, {"name": "a\"b", "version": 12}])");
  write([&](db::Transaction& s) { noteRegistration(s, "m-unknown", "x", 1); });
}

TEST_P(ModelTest, MetricsOfRunsReachTheirModels) {
  std::string id = make({.name = "m"}), run = makeRun();
  measure(run, id, "acc", 0.5, 1, "loans", "d1");
  measure(run, id, "acc", 0.5, 1, "loans", "d1");
  measure(run, id, "acc", 0.7, 2);
  auto metrics = read([&](db::Transaction& s) { return modelMetrics(s, getLoggedModel(s, workspace_, id).row); });
  ASSERT_EQ(metrics.size(), 2u);
  EXPECT_EQ(metrics[0].runId, run);
  EXPECT_EQ(metrics[0].datasetName, "loans");
  EXPECT_EQ(metrics[1].metric.value, 0.7);
  thrown(Code::notFound, [&] { measure(run, "m-nobody", "acc", 1); });
  EXPECT_EQ(TrackingTest::run(run).metrics.at(0).value, 0.7);
}

TEST_P(ModelTest, OutputsBecomeLineage) {
  std::string id = make({.name = "m"}), runId = makeRun();
  for (int i = 0; i < 2; ++i)
    change([&](registry::Change& c) { logOutputs(c.transaction, workspace_, runId, {{id, 3}}); });
  change([&](registry::Change& c) { logInputs(c.transaction, workspace_, runId, {}, {"m-base"}); });
  tracking::Run after = run(runId);
  ASSERT_EQ(after.links.outputs.size(), 1u);
  EXPECT_EQ(after.links.outputs[0].step, 3);
  EXPECT_EQ(after.links.models, std::vector<std::string>{"m-base"});
  EXPECT_EQ(count("lineage_edge WHERE target = 'logged-model/" + id + "' AND origin = 'run/" + runId + "'"), 1);
  EXPECT_EQ(count("lineage_edge WHERE origin = 'logged-model/m-base' AND target = 'run/" + runId + "'"), 1);
}

TEST_P(ModelTest, SearchFiltersAndOrders) {
  std::string runId = makeRun();
  std::map<std::string, std::string> ids;
  for (const char* name : {"a", "b", "c"})
    ids[name] =
        make({.name = name, .modelType = name[0] == 'b' ? "x" : "", .params = {{"p", name}}, .tags = {{"t", name}}});
  measure(runId, ids["a"], "acc", 0.9, 1, "loans", "d1");
  measure(runId, ids["a"], "acc", 0.1, 2, "other", "d2");
  measure(runId, ids["b"], "acc", 0.5, 1, "loans", "d1");
  std::vector<ModelOrder> byName{{"name", true, {}}};
  EXPECT_EQ(names({.filter = "name IN ('a', 'c')", .orderBy = byName}), "ac");
  EXPECT_EQ(names({.filter = "metrics.acc >= 0.5", .orderBy = byName}), "ab");
  EXPECT_EQ(names({.filter = "metrics.acc < 0.5", .orderBy = byName}), "a");
  EXPECT_EQ(names({.filter = "metrics.acc < 0.5", .datasets = {{"loans", ""}}, .orderBy = byName}), "");
  EXPECT_EQ(names({.datasets = {{"other", "d2"}}, .orderBy = byName}), "a");
  EXPECT_EQ(names({.datasets = {{"other", "d9"}}, .orderBy = byName}), "");
  EXPECT_EQ(names({.filter = "params.p = 'b' AND tags.t LIKE 'b'", .orderBy = byName}), "b");
  EXPECT_EQ(names({.filter = "model_type = 'x'", .orderBy = byName}), "b");
  EXPECT_EQ(names({.filter = "params.p IN ('a', 'c') AND tags.t NOT IN ('c')", .orderBy = byName}), "a");
  EXPECT_EQ(names({.filter = "creation_timestamp > 0 AND attributes.name != 'a'", .orderBy = byName}), "bc");
  EXPECT_EQ(names({.orderBy = {{"metrics.acc", false, {}}}}), "bac");  // the latest of a is 0.1
  EXPECT_EQ(names({.orderBy = {{"metrics.acc", false, {"loans", "d1"}}}}), "abc");
  EXPECT_EQ(names({.orderBy = {{"metrics.acc", true, {"loans", ""}}}}), "bac");
  change([&](registry::Change& c) {
    deleteLoggedModel(c, workspace_, ids["b"], registry::ClearanceIssuer::remove(false));
  });
  EXPECT_EQ(names({.orderBy = byName}), "ac");
  thrown(Code::invalid, [&] { names({.orderBy = {{"params.x", true, {}}}}); });
  thrown(Code::invalid, [&] { names({.orderBy = {{"nonsense", true, {}}}}); });
  thrown(Code::invalid, [&] { names({.datasets = {{"", "d1"}}}); });
}

TEST_P(ModelTest, PageTokensBelongToTheirQuery) {
  for (const char* name : {"a", "b", "c"}) make({.name = name});
  ModelSearch query{.experiments = {"0"}, .filter = "name != 'z'", .orderBy = {{"name", true, {}}}, .maxResults = 2};
  auto first = search(query);
  ASSERT_EQ(first.items.size(), 2u);
  query.pageToken = first.nextPageToken;
  auto second = search(query);
  ASSERT_EQ(second.items.size(), 1u);
  EXPECT_EQ(second.items[0].name, "c");
  EXPECT_TRUE(second.nextPageToken.empty());
  query.filter = "name != 'y'";
  EXPECT_NE(thrown(Code::invalid, [&] { search(query); }).find("its filter_string differs"), std::string::npos);
  query.filter = "name != 'z'";
  query.orderBy[0].ascending = false;
  EXPECT_NE(thrown(Code::invalid, [&] { search(query); }).find("its order_by differs"), std::string::npos);
  query.experiments = {"1"};
  EXPECT_NE(thrown(Code::invalid, [&] { search(query); }).find("its experiment_ids differs"), std::string::npos);
  for (const char* bad : {"x", "e30=", "W10=", "bnVsbA=="}) {
    query.pageToken = bad;
    thrown(Code::invalid, [&] { search(query); });
  }
}

}  // namespace
}  // namespace regesta::tracking

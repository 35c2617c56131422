#include "support/tracking_test.h"

#include <cmath>
#include <regex>

#include "base/limits.h"
#include "tracking/history.h"
#include "tracking/logged_model.h"

namespace regesta::tracking {
namespace {

class RunTest : public TrackingTest {
 protected:
  void tag(const std::string& runId, const std::string& key, const std::string& value) {
    write([&](db::Transaction& s) { setTag(s, workspace_, runId, key, value); });
  }
  void param(const std::string& runId, const std::string& key, const std::string& value) {
    write([&](db::Transaction& s) { logParam(s, workspace_, runId, key, value); });
  }
  std::vector<Metric> history(const std::string& runId, const std::string& key) {
    return read([&](db::Transaction& s) { return metricHistory(s, workspace_, runId, key); });
  }
};
REGESTA_ON_BOTH(RunTest);

TEST_P(RunTest, ANewRunIsRunningAndNamed) {
  tracking::Run made = run(makeRun({.userId = "anna", .startTime = 1234}));
  EXPECT_TRUE(std::regex_match(made.runId, std::regex("[0-9a-f]{32}")));
  EXPECT_TRUE(std::regex_match(made.name, std::regex("[a-z]+-[a-z]+-[0-9]+"))) << made.name;
  EXPECT_EQ(made.tags, (Texts{{"mlflow.runName", made.name}}));
  EXPECT_EQ(made.status, RunStatus::running);
  EXPECT_EQ(made.startTime, 1234);
  EXPECT_FALSE(made.endTime);
  EXPECT_EQ(made.artifactUri, "mlflow-artifacts:/0/" + made.runId + "/artifacts");
  EXPECT_EQ(run(makeRun({.name = "n"})).tags.at("mlflow.runName"), "n");
  EXPECT_EQ(run(makeRun({.tags = {{"mlflow.runName", "t"}}})).name, "t");
  EXPECT_NE(thrown(Code::invalid, [&] { makeRun({.name = "a", .tags = {{"mlflow.runName", "b"}}}); })
                .find("must be the same as the tag mlflow.runName"),
            std::string::npos);
  EXPECT_EQ(thrown(Code::notFound, [&] { run("00000000000000000000000000000000"); }),
            "the run '00000000000000000000000000000000' does not exist");
}

TEST_P(RunTest, NameAndTagMoveTogether) {
  std::string id = makeRun({.name = "a"});
  tag(id, "mlflow.runName", "b");
  EXPECT_EQ(run(id).name, "b");
  updateRun(*store_, anna_, workspace_, id, {.status = {}, .endTime = {}, .name = "c"});
  EXPECT_EQ(run(id).tags.at("mlflow.runName"), "c");
  updateRun(*store_, anna_, workspace_, id, {.status = RunStatus::scheduled, .endTime = 5, .name = ""});
  EXPECT_EQ(run(id).name, "c");
  EXPECT_EQ(run(id).status, RunStatus::scheduled);
  EXPECT_EQ(run(id).endTime, 5);
}

TEST_P(RunTest, ParamsDoNotChange) {
  std::string id = makeRun();
  param(id, "lr", "0.1");
  param(id, "lr", "0.1");
  EXPECT_EQ(thrown(Code::invalid, [&] { param(id, "lr", "0.2"); }),
            "value: must not change: param 'lr' has a value, got \"0.2\"");
  std::string message = thrown(Code::invalid, [&] {
    log(id, {.metrics = {{{"m", 1, 0, 0}, "", "", ""}}, .params = {{"x", "1"}, {"lr", "0.3"}}, .tags = {{"t", "1"}}});
  });
  EXPECT_EQ(message, "params: must not change: lr");
  tracking::Run after = run(id);  // nothing of the refused batch is there
  EXPECT_EQ(after.params, (Texts{{"lr", "0.1"}}));
  EXPECT_TRUE(after.metrics.empty());
  EXPECT_FALSE(after.tags.contains("t"));
  EXPECT_NE(thrown(Code::invalid, [&] { log(id, {.params = {{"y", "1"}, {"y", "1"}}}); })
                .find("params: must not repeat keys: y"),
            std::string::npos);
}

TEST_P(RunTest, LongValuesAreCut) {
  std::string id = makeRun();
  param(id, "p", std::string(7000, 'x'));
  param(id, "p", std::string(7001, 'x'));  // the same after cutting
  tag(id, "t", std::string(9000, 'y'));
  EXPECT_EQ(run(id).params.at("p").size(), 6000u);
  EXPECT_EQ(run(id).tags.at("t").size(), 8000u);
}

TEST_P(RunTest, BatchesHaveLimits) {
  std::string id = makeRun();
  Batch batch;
  for (int i = 0; i < 1001; ++i) batch.metrics.push_back({{"m", 1.0 * i, 0, i}, "", "", ""});
  EXPECT_EQ(thrown(Code::invalid, [&] { log(id, batch); }),
            "metrics: must be at most 1000 in one request, got \"1001\"");
  batch.metrics.resize(1000);
  batch.tags = {{"t", "1"}};
  EXPECT_NE(thrown(Code::invalid, [&] { log(id, batch); })
                .find("metrics, params, and tags: must be at most 1000 in one request, got \"1001\""),
            std::string::npos);
  batch.tags.clear();
  log(id, batch);
  EXPECT_EQ(history(id, "m").size(), 1000u);
  EXPECT_EQ(run(id).metrics.at(0).value, 999);
  EXPECT_EQ(thrown(Code::invalid, [&] { log(id, {.metrics = {{{"a", 1, -1, 0}, "", "", ""}}}); }),
            "metrics[0].timestamp: must be at least 0, got \"-1\"");
  EXPECT_NE(thrown(Code::invalid, [&] { log(id, {.tags = {{"ok", "1"}, {"/no", "1"}}}); }).find("tags[1].key: "),
            std::string::npos);
  EXPECT_EQ(thrown(Code::invalid, [&] { log("../x", {}); }),
            "run_id: must be 1 to 256 letters, digits, '-' and '_', got \"../x\"");
}

TEST_P(RunTest, RetriedBatchesChangeNothing) {
  std::string id = makeRun();
  Batch batch{.metrics = {{{"a", 1, 10, 0}, "", "", ""}, {{"b", 2, 10, 0}, "", "", ""}, {{"a", 1, 10, 0}, "", "", ""}}};
  log(id, batch);
  log(id, batch);
  log(id, "a", 1, 10, 0);  // the same point in another batch
  EXPECT_EQ(history(id, "a").size(), 1u);
  EXPECT_EQ(count("metric_log"), 2);
}

TEST_P(RunTest, HistoryIsByTimeStepAndValue) {
  std::string id = makeRun();
  log(id, "m", 3, 20, 1);
  log(id, "m", std::nan(""), 10, 2);
  log(id, "m", -1, 10, 2);
  log(id, "m", std::numeric_limits<double>::infinity(), 10, 1);
  log(id, "other", 3, 20, 1);
  auto points = history(id, "m");
  ASSERT_EQ(points.size(), 4u);
  EXPECT_EQ(points[0].value, std::numeric_limits<double>::max());
  EXPECT_EQ(points[1].value, -1);
  EXPECT_TRUE(std::isnan(points[2].value));  // MLflow keeps NaN as 0, so it sorts behind -1
  EXPECT_EQ(points[3].timestamp, 20);
  EXPECT_TRUE(history(id, "unknown").empty());
  EXPECT_TRUE(history("nobody", "m").empty());

  auto page = read([&](db::Transaction& s) { return metricHistoryPage(s, workspace_, id, "m", 3, ""); });
  ASSERT_EQ(page.items.size(), 3u);
  auto rest =
      read([&](db::Transaction& s) { return metricHistoryPage(s, workspace_, id, "m", 3, page.nextPageToken); });
  EXPECT_EQ(rest.items.size(), 1u);
  EXPECT_TRUE(rest.nextPageToken.empty());
}

TEST_P(RunTest, SamplesTakeTheSameStepsInAllRuns) {
  std::string shorter = makeRun(), longer = makeRun();
  for (int step = 0; step < 10; ++step) log(shorter, "m", step, 100 + step, step);
  for (int step = 0; step < 20; ++step) log(longer, "m", step, 100 + step, step);
  using Steps = std::vector<std::int64_t>;
  auto steps = [&](std::vector<std::string> runs, std::size_t most, std::optional<std::int64_t> from = {},
                   std::optional<std::int64_t> to = {}) {
    std::vector<Steps> found;
    for (const auto& sample : read([&](db::Transaction& transaction) {
           return sampledHistories(transaction, workspace_, runs, "m", most, from, to);
         })) {
      found.emplace_back();
      for (const Metric& m : sample) found.back().push_back(m.step);
    }
    return found;
  };
  using All = std::vector<Steps>;
  EXPECT_EQ(steps({shorter}, 5), (All{{0, 2, 4, 6, 8, 9}}));
  EXPECT_EQ(steps({shorter}, 1), (All{{0, 9}}));
  EXPECT_EQ(steps({shorter}, 3, 2, 5), (All{{2, 3, 4, 5}}));
  EXPECT_EQ(steps({shorter}, 100)[0].size(), 10u);
  EXPECT_EQ(steps({shorter, longer}, 5), (All{{0, 4, 8, 9}, {0, 4, 8, 9, 12, 16, 19}}));
  for (int at = 0; at < 3000; at += 1000) {
    Batch sameStep;
    for (int i = at; i < at + 1000; ++i)
      sameStep.metrics.push_back({.metric = {.key = "m", .value = 1, .timestamp = 1000 + i, .step = 3}});
    write([&](db::Transaction& transaction) { logBatch(transaction, workspace_, shorter, sameStep); });
  }
  EXPECT_EQ(steps({shorter}, 100)[0].size(), limits::sampledPoints);
  thrown(Code::notFound, [&] { steps({"nobody"}, 3); });
}

TEST_P(RunTest, DeletedRunsTakeNothing) {
  std::string id = makeRun();
  change([&](registry::Change& c) { deleteRun(c, workspace_, id, registry::ClearanceIssuer::remove(false)); });
  change([&](registry::Change& c) { deleteRun(c, workspace_, id, registry::ClearanceIssuer::remove(false)); });
  std::string text = "the run '" + id + "' is deleted: restore it first";
  EXPECT_EQ(thrown(Code::invalid, [&] { log(id, "m", 1); }), text);
  EXPECT_EQ(thrown(Code::invalid, [&] { param(id, "p", "1"); }), text);
  EXPECT_EQ(thrown(Code::invalid, [&] { tag(id, "t", "1"); }), text);
  EXPECT_EQ(thrown(Code::invalid, [&] { finish(id); }), text);
  change([&](registry::Change& c) { restoreRun(c, workspace_, id); });
  log(id, "m", 1);
  EXPECT_EQ(entries("run.deleted").size(), 1u);
  EXPECT_EQ(entries("run.restored").size(), 1u);
}

TEST_P(RunTest, TagsAreDeletedOnce) {
  std::string id = makeRun();
  tag(id, "t", "1");
  write([&](db::Transaction& s) { deleteTag(s, workspace_, id, "t"); });
  EXPECT_EQ(thrown(Code::notFound, [&] { write([&](db::Transaction& s) { deleteTag(s, workspace_, id, "t"); }); }),
            "the run '" + id + "' has no tag 't'");
}

TEST_P(RunTest, OldStyleModelsAreAppendedToTheirTag) {
  std::string id = makeRun();
  write([&](db::Transaction& s) { noteLoggedModel(s, workspace_, id, R"({"run_id": "r"})"); });
  write([&](db::Transaction& s) { noteLoggedModel(s, workspace_, id, R"({"run_id": "q"})"); });
  EXPECT_EQ(run(id).tags.at("mlflow.log-model.history"), R"([{"run_id": "r"}, {"run_id": "q"}])");
}

TEST_P(RunTest, CompactedHistoryIsTheSame) {
  std::string id = makeRun();
  for (int i = 0; i < 70; ++i)
    log(id, {.metrics = {{{"a", 0.1 * i, i, i}, "", "", ""}, {{"b/c", 1.0 * i, i, 0}, "", "", ""}}});
  auto before = history(id, "b/c");
  EXPECT_EQ(count("metric_log"), 70);
  compactHistory(*store_, workspace_, id);
  EXPECT_EQ(count("metric_log"), 2);
  auto after = history(id, "b/c");
  ASSERT_EQ(after.size(), before.size());
  for (std::size_t i = 0; i < after.size(); ++i) EXPECT_EQ(after[i].value, before[i].value);
  log(id, {.metrics = {{{"a", 0.1 * 3, 3, 3}, "", "", ""}, {{"b/c", 3, 3, 0}, "", "", ""}}});  // a late retry
  EXPECT_EQ(history(id, "a").size(), 70u);
}

}  // namespace
}  // namespace regesta::tracking

#include "support/tracking_test.h"

#include <cmath>

#include "tracking/input.h"
#include "tracking/run_search.h"

namespace regesta::tracking {
namespace {

class SearchTest : public TrackingTest {
 protected:
  void SetUp() override {
    TrackingTest::SetUp();
    add("a", 10, {{"acc", 0.5}}, {{"lr", "0.1"}}, {{"team", "red"}});
    add("b", 20, {{"acc", 0.9}, {"loss", 1}}, {{"lr", "0.2"}}, {});
    add("c", 30, {{"acc", std::nan("")}}, {}, {{"team", "blue"}});
    add("d", 40, {}, {{"lr", "0.2"}}, {{"team", "red"}});
  }
  void add(const std::string& name, std::int64_t start, std::vector<std::pair<std::string, double>> metrics,
           std::vector<Pair> params, std::vector<Pair> tags) {
    ids_[name] = makeRun({.userId = "u-" + name, .name = name, .startTime = start});
    Batch batch{.params = std::move(params), .tags = std::move(tags)};
    for (const auto& [key, value] : metrics) batch.metrics.push_back({{key, value, 0, 0}, "", "", ""});
    log(ids_[name], batch);
  }
  /// Names of the runs found, in order, without separators.
  std::string found(const std::string& filter, std::vector<std::string> order = {}, View view = View::activeOnly) {
    return names({.experiments = {0}, .filter = filter, .orderBy = std::move(order), .view = view});
  }
  std::string names(const RunSearch& search) {
    return read([&](db::Transaction& transaction) {
      std::string all;
      for (const tracking::Run& r : searchRuns(transaction, workspace_, search).items) all += r.name;
      return all;
    });
  }
  std::map<std::string, std::string> ids_;
};
REGESTA_ON_BOTH(SearchTest);

TEST_P(SearchTest, NewestFirst) {
  EXPECT_EQ(found(""), "dcba");
  EXPECT_EQ(found("", {"start_time ASC"}), "abcd");
  EXPECT_EQ(names({.experiments = {}}), "");
  EXPECT_EQ(names({.experiments = {7}}), "");
}

TEST_P(SearchTest, CountsWhatMatchesOnAllPages) {
  auto count = [&](const RunSearch& search) {
    return read([&](db::Transaction& transaction) { return countRuns(transaction, workspace_, search); });
  };
  EXPECT_EQ(count({.experiments = {0}, .maxResults = 1}), 4);
  EXPECT_EQ(count({.experiments = {0}, .filter = "params.lr = '0.2'", .orderBy = {"metrics.acc DESC"}}), 2);
  EXPECT_EQ(count({.experiments = {0, 7}, .view = View::deletedOnly}), 0);
  EXPECT_EQ(count({.experiments = {}}), 0);
}

TEST_P(SearchTest, Filters) {
  EXPECT_EQ(found("metrics.acc > 0.4"), "ba");
  EXPECT_EQ(found("metrics.acc != 0.5"), "cb");  // NaN is unequal to everything
  EXPECT_EQ(found("metrics.acc <= 0.5"), "a");
  EXPECT_EQ(found("metrics.acc >= 0.5 AND metrics.loss = 1"), "b");
  EXPECT_EQ(found("params.lr = '0.2'"), "db");
  EXPECT_EQ(found("params.lr != '0.2'"), "a");  // a run without it never matches
  EXPECT_EQ(found("params.lr LIKE '0.%' and tags.team = 'red'"), "da");
  EXPECT_EQ(found("tags.team IS NULL"), "b");
  EXPECT_EQ(found("tags.team IS NOT NULL"), "dca");
  EXPECT_EQ(found("tags.team ILIKE 'BL%'"), "c");
  EXPECT_EQ(found("attributes.run_name = 'b'"), "b");
  EXPECT_EQ(found("run_name LIKE '%'"), "dcba");
  EXPECT_EQ(found("user_id = 'u-c'"), "c");
  EXPECT_EQ(found("attributes.start_time >= 30"), "dc");
  EXPECT_EQ(found("status = 'RUNNING'"), "dcba");
  EXPECT_EQ(found("status != 'RUNNING'"), "");
  EXPECT_EQ(found("attribute.run_id IN ('" + ids_["a"] + "', '" + ids_["d"] + "')"), "da");
  EXPECT_EQ(found("end_time > 0"), "");
  finish(ids_["c"], 77);
  EXPECT_EQ(found("end_time = 77 and status = 'FINISHED'"), "c");
}

TEST_P(SearchTest, RunsThatTheFilterNamesAreHeldToTheRestOfIt) {
  auto in = [&](std::string_view names) {
    std::string list;
    for (char name : names) list += fmt::format("{}'{}'", list.empty() ? "" : ", ", ids_[std::string(1, name)]);
    return "(" + list + ")";
  };
  EXPECT_EQ(found("run_id = '" + ids_["a"] + "' and metrics.acc > 0.4"), "a");
  EXPECT_EQ(found("run_id = '" + ids_["a"] + "' and metrics.acc > 0.9"), "");
  EXPECT_EQ(found("run_id IN " + in("ba") + " and attributes.run_id IN " + in("bc")), "b");
  EXPECT_EQ(found("run_id IN ('nobody', '" + ids_["c"] + "')"), "c");
  EXPECT_EQ(found("run_id NOT IN " + in("ad")), "cb");
  EXPECT_EQ(found("run_id != '" + ids_["a"] + "'"), "dcb");
  EXPECT_EQ(found("run_id IN " + in("dba"), {"metrics.acc ASC"}), "abd");
}

TEST_P(SearchTest, OrdersWithNanBehindNumbersAndMissingLast) {
  EXPECT_EQ(found("", {"metrics.acc ASC"}), "abcd");
  EXPECT_EQ(found("", {"metrics.acc DESC"}), "bacd");
  EXPECT_EQ(found("", {"params.lr DESC", "metrics.acc"}), "bdac");
  EXPECT_EQ(found("", {"tags.team", "run_name DESC"}), "cdab");
  thrown(Code::invalid, [&] { found("", {"metrics.acc", "metrics.acc DESC"}); });
  thrown(Code::invalid, [&] { found("", {"nonsense"}); });
}

TEST_P(SearchTest, Views) {
  change([&](registry::Change& c) { deleteRun(c, workspace_, ids_["b"], registry::ClearanceIssuer::remove(false)); });
  EXPECT_EQ(found(""), "dca");
  EXPECT_EQ(found("", {}, View::deletedOnly), "b");
  EXPECT_EQ(found("", {}, View::all), "dcba");
  EXPECT_EQ(found("metrics.acc > 0", {}, View::all), "ba");
}

TEST_P(SearchTest, PagesMeetWithoutGapOrOverlap) {
  std::int64_t other = makeExperiment("other");
  makeRun({.experiment = other, .name = "e", .startTime = 25});
  for (const std::vector<std::string>& order : {std::vector<std::string>{}, {"metrics.acc DESC"}, {"run_name"}}) {
    RunSearch search{.experiments = {0, other, other}, .filter = "", .orderBy = order, .maxResults = 2};
    std::string all;
    for (int i = 0; i < 5; ++i) {
      auto page = read([&](db::Transaction& s) { return searchRuns(s, workspace_, search); });
      EXPECT_LE(page.items.size(), 2u);
      for (const tracking::Run& r : page.items) all += r.name;
      search.pageToken = page.nextPageToken;
      if (search.pageToken.empty()) break;
    }
    EXPECT_EQ(all, order.empty() ? "dceba" : order[0] == "run_name" ? "abcde" : "bacde");
  }
  RunSearch full{.experiments = {0}, .maxResults = 4};
  EXPECT_TRUE(read([&](db::Transaction& s) { return searchRuns(s, workspace_, full); }).nextPageToken.empty());
  thrown(Code::invalid, [&] { names({.experiments = {0}, .maxResults = 0}); });
  thrown(Code::invalid, [&] { names({.experiments = {0}, .maxResults = 50'001}); });
  thrown(Code::invalid, [&] { names({.experiments = {0}, .pageToken = "x"}); });
}

TEST_P(SearchTest, APageOfHugeRunsEndsEarlyAndGoesOn) {
  std::int64_t heavy = makeExperiment("heavy");
  std::string tags;
  for (int i = 0; i < 120; ++i) {
    std::string id = makeRun({.experiment = heavy, .startTime = i});
    tags.assign("{\"big\":\"" + std::string(700'000, 'x') + "\"}");
    write([&](db::Transaction& s) { s.run("UPDATE run SET tags = $2 WHERE run_id = $1", {id, tags}); });
  }
  RunSearch search{.experiments = {heavy}, .maxResults = 120};
  std::vector<std::int64_t> starts;
  int pages = 0;
  do {
    auto page = read([&](db::Transaction& s) { return searchRuns(s, workspace_, search); });
    for (const tracking::Run& r : page.items) starts.push_back(r.startTime);
    search.pageToken = page.nextPageToken;
    ++pages;
  } while (!search.pageToken.empty() && pages < 9);
  EXPECT_EQ(pages, 3);
  ASSERT_EQ(starts.size(), 120u);
  EXPECT_TRUE(std::is_sorted(starts.rbegin(), starts.rend()));
}

TEST_P(SearchTest, DatasetsOfRuns) {
  auto input = [&](const std::string& run, const std::string& name, const std::string& digest, const Texts& tags) {
    change([&](registry::Change& c) {
      logInputs(c.transaction, workspace_, ids_[run], {{{0, name, digest, "local", "x", "", ""}, tags}}, {});
    });
  };
  input("a", "loans", "d1", {{"mlflow.data.context", "training"}});
  input("a", "loans", "d2", {{"mlflow.data.context", "eval"}});
  input("b", "loans", "d1", {});
  EXPECT_EQ(found("datasets.name = 'loans'"), "ba");
  EXPECT_EQ(found("dataset.digest = 'd2'"), "a");
  EXPECT_EQ(found("dataset.context = 'training' AND dataset.context = 'eval'"), "a");
  EXPECT_EQ(found("dataset.digest IN ('d1', 'zz')"), "ba");
  EXPECT_EQ(found("dataset.name LIKE 'x%'"), "");

  auto summaries = read([&](db::Transaction& s) { return searchDatasets(s, workspace_, {0, 5}); });
  std::string all;
  for (const auto& s : summaries) all += s.name + "#" + s.digest + "/" + s.context + " ";
  EXPECT_EQ(all, "loans#d1/ loans#d1/training loans#d2/eval ");
  EXPECT_EQ(count("dataset"), 2);
  EXPECT_EQ(count("lineage_edge WHERE origin = 'dataset/loans#d1'"), 2);
}

}  // namespace
}  // namespace regesta::tracking

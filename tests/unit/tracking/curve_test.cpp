#include "support/tracking_test.h"

#include <cmath>

#include "tracking/history.h"
#include "tracking/run_keys.h"

namespace regesta::tracking {
namespace {

class CurveTest : public TrackingTest {
 protected:
  std::vector<Metric> curve(const std::string& runId, std::size_t most) {
    return read(
        [&](db::Transaction& transaction) { return metricCurve(transaction, workspace_, runId, "loss", most); });
  }
  /// `values` at steps 0, 1, 2…
  std::string runOf(const std::vector<double>& values) {
    std::string id = makeRun();
    Batch batch;
    for (std::size_t i = 0; i < values.size(); ++i)
      batch.metrics.push_back({{"loss", values[i], 1000, static_cast<std::int64_t>(i)}, "", "", ""});
    log(id, batch);
    return id;
  }
};
REGESTA_ON_BOTH(CurveTest);

TEST_P(CurveTest, FewPointsStayAsTheyAre) {
  std::string id = runOf({3, 1, 2});
  auto points = curve(id, 3);
  ASSERT_EQ(points.size(), 3u);
  EXPECT_EQ(points[1].value, 1);
  EXPECT_TRUE(curve("no such run", 10).empty());
}

TEST_P(CurveTest, PeaksSurviveAndTheOrderIsThatOfSteps) {
  std::vector<double> values(900, 1.0);
  values[417] = 50;
  values[418] = -50;
  auto points = curve(runOf(values), 20);
  ASSERT_LE(points.size(), 20u);
  EXPECT_EQ(points.front().step, 0);
  EXPECT_EQ(points.back().step, 899);
  bool peak = false, dip = false;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (i > 0) EXPECT_LT(points[i - 1].step, points[i].step);
    peak = peak || points[i].value == 50;
    dip = dip || points[i].value == -50;
  }
  EXPECT_TRUE(peak);
  EXPECT_TRUE(dip);
}

TEST_P(CurveTest, WhatIsNoNumberHidesNoPeak) {
  std::vector<double> values(100, std::nan(""));
  values[50] = 7;
  auto points = curve(runOf(values), 4);
  ASSERT_LE(points.size(), 4u);
  EXPECT_TRUE(std::ranges::any_of(points, [](const Metric& m) { return m.value == 7; }));
}

TEST_P(CurveTest, KeysOfRunsTheMostCommonFirst) {
  for (int i = 0; i < 3; ++i) {
    std::string id = makeRun({.name = fmt::format("r{}", i)});
    Batch batch{.params = {{"lr", "0.1"}}};
    if (i == 0) batch.params.push_back({"alpha", "1"});
    batch.metrics.push_back({{i == 1 ? "acc" : "loss", 1, 0, 0}, "", "", ""});
    log(id, batch);
  }
  RunKeys keys = read([&](db::Transaction& transaction) { return runKeys(transaction, workspace_, {0, 77}, 1000); });
  EXPECT_EQ(keys.runs, 3);
  ASSERT_EQ(keys.metrics.size(), 2u);
  EXPECT_EQ(keys.metrics[0].key, "loss");
  EXPECT_EQ(keys.metrics[0].runs, 2);
  EXPECT_EQ(keys.params[0].key, "lr");
  EXPECT_EQ(keys.params[1].key, "alpha");
}

}  // namespace
}  // namespace regesta::tracking

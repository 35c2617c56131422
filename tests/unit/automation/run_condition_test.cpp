#include "automation/run_condition.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "base/error.h"

namespace regesta::automation {
namespace {

std::vector<tracking::Metric> series(const std::vector<double>& values) {
  std::vector<tracking::Metric> points;
  for (std::size_t i = 0; i < values.size(); ++i) {
    auto at = static_cast<std::int64_t>(i);
    points.push_back({"loss", values[i], 1000 + at, at});
  }
  return points;
}

RunCondition condition(std::string_view text) { return readRunCondition(json::parse(text).as_object()); }

/// The step at which the condition holds first, or -1.
std::int64_t firstStep(std::string_view text, const std::vector<double>& values, std::int64_t since = 0) {
  auto match = findMatch(condition(text), series(values), since);
  return match ? match->step : -1;
}

TEST(RunConditionTest, AValueIsCompared) {
  EXPECT_EQ(firstStep(R"({"metric": "loss", "is": "<", "value": 2})", {3, 2, 1, 0}), 2);
  EXPECT_EQ(firstStep(R"({"metric": "loss", "is": "<=", "value": 2})", {3, 2, 1, 0}), 1);
  EXPECT_EQ(firstStep(R"({"metric": "loss", "is": ">", "value": 3})", {3, 2, 1, 0}), -1);
  EXPECT_EQ(firstStep(R"({"metric": "loss", "is": ">=", "value": 3})", {NAN, 2, 3}), 2);
}

TEST(RunConditionTest, PointsFromBeforeTheTriggerDoNotCount) {
  EXPECT_EQ(firstStep(R"({"metric": "loss", "is": "<", "value": 9})", {1, 1, 1}, 1002), 2);
  EXPECT_EQ(firstStep(R"({"metric": "loss", "is": "<", "value": 9})", {1, 1, 1}, 1003), -1);
}

TEST(RunConditionTest, AWindowIsWholeBeforeItCounts) {
  EXPECT_EQ(firstStep(R"({"metric": "loss", "aggregate": "max", "window": 3, "is": "<", "value": 5})", {1, 1}), -1);
  EXPECT_EQ(firstStep(R"({"metric": "loss", "aggregate": "max", "window": 3, "is": "<", "value": 5})", {9, 1, 1, 1}),
            3);
}

TEST(RunConditionTest, AChangeIsAgainstTheValuesBefore) {
  EXPECT_EQ(firstStep(R"({"metric": "loss", "changes": "increase", "by": 2})", {1, 2, 4}), 2);
  EXPECT_EQ(firstStep(R"({"metric": "loss", "changes": "decrease", "by": 0.5, "relative": true})", {8, 5, 2}), 2);
  EXPECT_EQ(firstStep(R"({"metric": "loss", "aggregate": "average", "window": 2, "prior_window": 3, "changes": "any",
                         "by": 2})",
                      {1, 1, 1, 3, 3}),
            4);
}

/// Each aggregate of each window, as its definition says it.
TEST(RunConditionTest, AggregatesAreThoseOfTheirDefinition) {
  std::mt19937 random(1);
  for (std::int64_t window : {1, 2, 3, 7, 40}) {
    std::vector<double> values;
    for (int i = 0; i < 40; ++i) values.push_back(static_cast<double>(random() % 100));
    for (std::size_t end = static_cast<std::size_t>(window); end <= values.size(); ++end) {
      double sum = 0, most = -INFINITY, least = INFINITY;
      for (std::size_t i = end - static_cast<std::size_t>(window); i < end; ++i) {
        sum += values[i];
        most = std::max(most, values[i]);
        least = std::min(least, values[i]);
      }
      RunCondition one{.states = {}, .metric = "loss", .window = window, .is = ">=", .value = -1};
      auto since = 1000 + static_cast<std::int64_t>(end) - 1;
      for (auto [aggregate, expected] : {std::pair("max", most), {"min", least}, {"average", sum / double(window)}}) {
        one.aggregate = aggregate;
        EXPECT_DOUBLE_EQ(findMatch(one, series(values), since).value().value, expected) << aggregate << window;
      }
    }
  }
}

TEST(RunConditionTest, ALongWindowOverManyPointsIsLinear) {
  std::vector<double> values(1'000'000, 1);
  EXPECT_EQ(firstStep(R"({"metric": "loss", "aggregate": "average", "window": 10000, "is": ">", "value": 1})", values),
            -1);
}

TEST(RunConditionTest, WhatIsWrongIsNamed) {
  auto refused = [](std::string_view text) {
    try {
      condition(text);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_NE(refused(R"({"metric": "loss", "is": "=", "value": 1})").find("run.is"), std::string::npos);
  EXPECT_NE(refused(R"({"metric": "loss", "changes": "any", "by": 0})").find("run.by"), std::string::npos);
  EXPECT_NE(refused(R"({"metric": "loss", "aggregate": "max", "window": 10001, "is": "<", "value": 1})").find("window"),
            std::string::npos);
  EXPECT_NE(refused(R"({"states": ["gone"]})").find("run.states"), std::string::npos);
  EXPECT_NE(refused(R"({"states": ["failed"], "metric": "loss"})").find("exactly one"), std::string::npos);
}

}  // namespace
}  // namespace regesta::automation

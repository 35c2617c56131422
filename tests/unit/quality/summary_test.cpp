#include "quality/summary.h"

#include <gtest/gtest.h>

#include <random>

namespace regesta::quality {
namespace {

TEST(Summary, KnowsMomentsAndExtremes) {
  Summary summary;
  for (double value : {2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0}) summary.see(value, 17);
  EXPECT_EQ(summary.count(), 8);
  EXPECT_DOUBLE_EQ(summary.mean(), 5);
  EXPECT_NEAR(summary.deviation(), 2.13809, 1e-5);
  EXPECT_EQ(summary.least(), 2);
  EXPECT_EQ(summary.most(), 9);
  EXPECT_EQ(summary.lastAt(), 17);
}

TEST(Summary, QuantilesAreWithinAPercent) {
  Summary summary;
  std::vector<double> values;
  std::mt19937_64 random(1);
  std::lognormal_distribution<double> latency(6, 1);
  for (int i = 0; i < 20'000; ++i) {
    values.push_back(latency(random));
    summary.see(values.back(), i);
  }
  std::sort(values.begin(), values.end());
  for (double part : {0.0, 0.01, 0.5, 0.9, 0.99, 1.0}) {
    double exact = values[static_cast<std::size_t>(part * 19'999)];
    EXPECT_NEAR(summary.quantile(part) / exact, 1, 0.0101) << part;
  }
}

TEST(Summary, OrdersNegativeValuesAndZero) {
  Summary summary;
  for (double value : {-5.0, -1.0, 0.0, 3.0, 100.0}) summary.see(value, 0);
  EXPECT_NEAR(summary.quantile(0), -5, 0.05);
  EXPECT_NEAR(summary.quantile(0.25), -1, 0.01);
  EXPECT_EQ(summary.quantile(0.5), 0);
  EXPECT_NEAR(summary.quantile(0.75), 3, 0.03);
  EXPECT_NEAR(summary.quantile(1), 100, 1);
}

TEST(Summary, MergingIsSeeingEverything) {
  Summary all, one, other;
  std::mt19937_64 random(2);
  std::normal_distribution<double> values(1e6, 1);  // a mean that is large against the deviation
  for (int i = 0; i < 1000; ++i) {
    double value = values(random);
    all.see(value, i);
    (i % 3 == 0 ? one : other).see(value, i);
  }
  one.merge(other);
  one.merge(Summary());
  EXPECT_EQ(one.count(), all.count());
  EXPECT_NEAR(one.mean(), all.mean(), 1e-6);
  EXPECT_NEAR(one.deviation(), all.deviation(), 1e-6);
  EXPECT_NEAR(one.deviation(), 1, 0.1);
  EXPECT_EQ(one.quantile(0.3), all.quantile(0.3));
}

TEST(Summary, IsTheSameAfterBeingWrittenDown) {
  Summary summary;
  for (double value : {0.1, 0.2, -7e14, 0.3, 1e-300}) summary.see(value, 1'764'000'000'000);
  Summary back = Summary::parse(summary.text());
  EXPECT_EQ(back.text(), summary.text());
  EXPECT_EQ(back.mean(), summary.mean());
  EXPECT_EQ(back.deviation(), summary.deviation());
}

TEST(Summary, StaysSmallWhateverComes) {
  Summary summary;
  std::mt19937_64 random(3);
  std::uniform_real_distribution<double> exponent(-300, 15);
  for (int i = 0; i < 50'000; ++i) summary.see((i % 2 ? 1 : -1) * std::min(1e15, std::pow(10, exponent(random))), i);
  EXPECT_LT(summary.text().size(), 64u * 1024);
}

TEST(Summary, OfNothingIsZero) {
  Summary none;
  EXPECT_EQ(none.count(), 0);
  EXPECT_EQ(none.mean(), 0);
  EXPECT_EQ(none.deviation(), 0);
  EXPECT_EQ(none.quantile(0.5), 0);
}

TEST(Summary, aQuantileOfFewIsOneOfThem) {
  Summary few;
  for (double value : {0.4, 96.3, 840.0}) few.see(value, 0);
  EXPECT_NEAR(few.quantile(0.95), 840, 8.4);
  EXPECT_NEAR(few.quantile(0.5), 96.3, 1);
  EXPECT_NEAR(few.quantile(0.01), 0.4, 0.004);
}

}  // namespace
}  // namespace regesta::quality

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "base/error.h"
#include "tracking/pack.h"
#include "tracking/rules.h"

namespace regesta::tracking {
namespace {

const double nan = std::numeric_limits<double>::quiet_NaN();

TEST(Pack, TextsSurvive) {
  Texts texts{{"a", ""},
              {"k\"ey", "line\nbreak"},
              {"ключ", "\\ \x01 \"quoted\""},
              {"z", "plain"},
              {"nul", std::string("\0x", 2)}};
  std::string packed = packTexts(texts);
  EXPECT_EQ(unpackTexts(packed), texts);
  EXPECT_EQ(PackedKey("k\"ey").textIn(packed), "line\nbreak");
  EXPECT_EQ(PackedKey("ey").textIn(packed), std::nullopt);
  EXPECT_EQ(packTexts({}), "{}");
  EXPECT_TRUE(unpackTexts("{}").empty());
}

TEST(Pack, AKeyIsNotFoundInsideAValue) {
  std::string packed = packTexts({{"a", "\",\"b\":\"no"}, {"c", "yes"}});
  EXPECT_EQ(PackedKey("b").textIn(packed), std::nullopt);
  EXPECT_EQ(PackedKey("c").textIn(packed), "yes");
}

TEST(Pack, MetricsSurviveExactly) {
  std::vector<Metric> metrics{{"acc", 0.1, 1, -3},
                              {"big", 1.7976931348623157e308, 9223372036854775807, 2},
                              {"nan", nan, 0, 0},
                              {"tiny", 5e-324, 0, 0}};
  auto back = unpackMetrics(packMetrics(metrics));
  ASSERT_EQ(back.size(), 4u);
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    EXPECT_EQ(back[i].key, metrics[i].key);
    EXPECT_EQ(back[i].timestamp, metrics[i].timestamp);
    EXPECT_EQ(back[i].step, metrics[i].step);
    EXPECT_TRUE(back[i].value == metrics[i].value || (std::isnan(back[i].value) && std::isnan(metrics[i].value)));
  }
  std::string packed = packMetrics(metrics);
  EXPECT_EQ(PackedKey("acc").metricIn(packed), 0.1);
  EXPECT_TRUE(std::isnan(*PackedKey("nan").metricIn(packed)));
  EXPECT_EQ(PackedKey("ac").metricIn(packed), std::nullopt);
}

TEST(Pack, BatchesAreReadByKey) {
  std::string packed = packBatch({{"a", 1, 2, 3}, {"b", nan, 5, 6}, {"a", 7.5, 8, 9}});
  std::vector<Metric> points;
  unpackBatch(packed, "a", points);
  ASSERT_EQ(points.size(), 2u);
  EXPECT_EQ(points[1].value, 7.5);
  unpackBatch(packed, "", points);
  EXPECT_EQ(points.size(), 5u);
}

TEST(Pack, WhatWasNotWrittenHereIsCorrupt) {
  for (std::string_view bad :
       {"", "{", "{\"a\"", "{\"a\":}", "{\"a\":\"b\"", "{\"a\":\"b\"}x", "[]", "{\"a\":\"b\\", "{\"a\":1}"})
    EXPECT_THROW(unpackTexts(bad), Error) << bad;
  for (std::string_view bad :
       {"{\"a\":[]}", "{\"a\":[1,2]}", "{\"a\":[1,2,3}", "{\"a\":[x,2,3]}", "{\"a\":[\"inf\",2,3]}"})
    EXPECT_THROW(unpackMetrics(bad), Error) << bad;
  std::vector<Metric> points;
  for (std::string_view bad : {"{}", "[[\"a\",1,2]]", "[[\"a\",1,2,3]", "[[\"a\""})
    EXPECT_THROW(unpackBatch(bad, "", points), Error) << bad;
}

TEST(Pack, LatestIsByStepThenTimestampThenValue) {
  std::vector<Metric> latest;
  mergeLatest(latest, {{"m", 1, 10, 5}, {"a", 1, 0, 0}});
  mergeLatest(latest, {{"m", 9, 99, 4}});  // an older step
  EXPECT_EQ(latest[1].value, 1);
  mergeLatest(latest, {{"m", 2, 9, 5}});  // an older time
  EXPECT_EQ(latest[1].value, 1);
  mergeLatest(latest, {{"m", 0.5, 10, 5}});  // a smaller value
  EXPECT_EQ(latest[1].value, 1);
  mergeLatest(latest, {{"m", 1.5, 10, 5}, {"m", -8, 0, 6}, {"m", 3, 0, 5}});
  EXPECT_EQ(latest[1].value, -8);
  EXPECT_EQ(latest[0].key, "a");
}

std::string refusal(const std::string& key) {
  try {
    checkKey(key, "key");
  } catch (const Error& e) {
    return e.message;
  }
  return "";
}

TEST(Rules, KeysAreNamesOfFiles) {
  for (const char* good : {"a", "a/b/c", "a.b-c_d:e f", "ünïcode", "日本語", "a..", ".a"})
    EXPECT_EQ(refusal(good), "") << good;
  EXPECT_EQ(refusal("a?"), "key: must contain only letters, digits, spaces and the characters _ - . : /, got \"a?\"");
  EXPECT_EQ(refusal("./a"), "key: must not resolve to another name as a path ('a'), got \"./a\"");
  for (const char* bad : {"/a", "..a", "a/", "a//b", "../a", "a/../b", ".", "..", "", "a\nb", "a\x01", "a\u2028b",
                          "a😀", "a\"b", "a%2e", "a\\b"})
    EXPECT_NE(refusal(bad), "") << bad;
  EXPECT_NE(refusal("a\xff"), "");
}

TEST(Rules, LengthsAreCountedInCharacters) {
  std::string umlauts;
  for (int i = 0; i < 250; ++i) umlauts += "ä";
  EXPECT_NO_THROW(checkLength("key", 250, umlauts));
  EXPECT_THROW(checkLength("key", 250, umlauts + "ä"), Error);
  EXPECT_EQ(truncated(umlauts, 3), "äää");
  EXPECT_EQ(truncated("ab", 3), "ab");
}

TEST(Rules, ArtifactLocations) {
  EXPECT_EQ(checkArtifactLocation("s3://bucket/x"), "s3://bucket/x");
  EXPECT_EQ(checkArtifactLocation("/a/b"), "/a/b");
  EXPECT_EQ(checkArtifactLocation("rel/x"), (std::filesystem::current_path() / "rel/x").string());
  EXPECT_EQ(checkArtifactLocation("mlflow-artifacts:/x"), "mlflow-artifacts:/x");
  for (const char* bad : {"s3://b/x#f", "s3://b/x;p", "s3://b/x?a=../..", "s3://b/x?a=%2e%2e/", "s3://b/x?a=%252e%252e",
                          "runs:/x/y", "http://internal/x", "mlflow-artifacts://host/x", "ftp://h/x", "HTTPS://h/x"})
    EXPECT_THROW(checkArtifactLocation(bad), Error) << bad;
  EXPECT_THROW(checkArtifactLocation("s3://b/" + std::string(2100, 'a')), Error);
}

TEST(Rules, ExperimentIds) {
  EXPECT_EQ(parseExperimentId(""), 0);
  EXPECT_EQ(parseExperimentId("12"), 12);
  for (const char* bad : {"abc", "1.5", "1 ", "99999999999999999999", "0x1"})
    EXPECT_THROW(parseExperimentId(bad), Error) << bad;
}

}  // namespace
}  // namespace regesta::tracking

#include "api/shape.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace regesta::api {
namespace {

constexpr std::string_view modes[] = {"apply", "dry_run"};

struct Metric {
  std::string key;
  double value = 0;
  std::int64_t timestamp = 0, step = 0;
  static constexpr Field fields[] = {
      field<&Metric::key>("key", required | atMost(10)), field<&Metric::value>("value", required),
      field<&Metric::timestamp>("timestamp", required | atLeast(0)), field<&Metric::step>("step")};
};
struct Batch {
  std::string run_id, mode, password;
  std::vector<Metric> metrics;
  std::optional<std::int64_t> limit;
  std::optional<bool> dry;
  TextMap labels;
  RawJson extra;
  static constexpr Field fields[] = {field<&Batch::run_id>("run_id", required),
                                     field<&Batch::mode>("mode", oneOf(modes)),
                                     field<&Batch::password>("password", secret | atLeast(8)),
                                     field<&Batch::metrics>("metrics", atMost(3)),
                                     field<&Batch::limit>("limit"),
                                     field<&Batch::dry>("dry"),
                                     field<&Batch::labels>("labels"),
                                     field<&Batch::extra>("extra")};
};

std::string faultOf(std::string_view text, Manner manner = {}) {
  try {
    readAs<Batch>(parseJson(text), manner);
  } catch (const Error& e) {
    return e.message;
  }
  return "no fault";
}

TEST(Shape, readsNestedValuesAndGenerousScalars) {
  auto batch = readAs<Batch>(parseJson(
      R"({"run_id":"r","mode":2,"metrics":[{"key":"a","value":"NaN","timestamp":"12","step":3.0}],"limit":"7","dry":"TRUE",
          "labels":{"x":"y"},"extra":[1,{"a":null}],"unknown":1})"));
  EXPECT_EQ(batch.run_id, "r");
  EXPECT_EQ(batch.mode, "dry_run");
  ASSERT_EQ(batch.metrics.size(), 1U);
  EXPECT_TRUE(std::isnan(batch.metrics[0].value));
  EXPECT_EQ(batch.metrics[0].timestamp, 12);
  EXPECT_EQ(batch.metrics[0].step, 3);
  EXPECT_EQ(batch.limit, 7);
  EXPECT_EQ(batch.dry, true);
  EXPECT_EQ(batch.labels.at("x"), "y");
  EXPECT_EQ(batch.extra.text, R"([1,{"a":null}])");
}

TEST(Shape, namesTheFieldAndTheRule) {
  EXPECT_EQ(faultOf("{}"), "run_id: is required");
  EXPECT_EQ(faultOf(R"({"run_id":""})"), "run_id: is required");
  EXPECT_EQ(faultOf(R"({"run_id":7})"), "run_id: must be a string, got 7");
  EXPECT_EQ(faultOf(R"({"run_id":"r","mode":"later"})"), "mode: must be one of apply, dry_run, got \"later\"");
  EXPECT_EQ(faultOf(R"({"run_id":"r","mode":3})"), "mode: must be one of apply, dry_run, got 3");
  EXPECT_EQ(faultOf(R"({"run_id":"r","metrics":[{"key":"a","value":1,"timestamp":-4}]})"),
            "metrics[0].timestamp: must be at least 0, got -4");
  EXPECT_EQ(faultOf(R"({"run_id":"r","metrics":[{"key":"a","value":1,"timestamp":1,"step":"x"}]})"),
            "metrics[0].step: must be a whole number, got \"x\"");
  EXPECT_EQ(faultOf(R"({"run_id":"r","metrics":[{"value":1,"timestamp":1}]})"), "metrics[0].key: is required");
  EXPECT_EQ(faultOf(R"({"run_id":"r","metrics":{}})"), "metrics: must be a list, got {}");
  EXPECT_EQ(faultOf(R"({"run_id":"r","metrics":[1]})"), "metrics[0]: must be an object, got 1");
  EXPECT_EQ(faultOf(R"({"run_id":"r","labels":{"x":1}})"), "labels.x: must be a string, got 1");
  EXPECT_EQ(faultOf(R"({"run_id":"r","password":"short"})"), "password: must be at least 8 bytes");
  EXPECT_EQ(faultOf(R"({"run_id":"r","metriks":[]})", {.forbidUnknown = true}),
            "metriks: is not a known field; did you mean metrics?");
}

TEST(Shape, readsCamelCaseWhereTheFrontDoes) {
  EXPECT_EQ(readAs<Batch>(parseJson(R"({"runId":"r"})"), {.camelCase = true}).run_id, "r");
  EXPECT_EQ(faultOf(R"({"runId":"r"})"), "run_id: is required");
}

TEST(Shape, writesOnlyWhatIsThere) {
  Batch batch;
  batch.run_id = "a\"b";
  batch.metrics.push_back({"k", 1, 2, 3});
  EXPECT_EQ(
      writeAs(batch),
      R"({"run_id":"a\"b","mode":"","password":"","metrics":[{"key":"k","value":1.0,"timestamp":2,"step":3}],"labels":{}})");
  batch.metrics.clear();
  batch.limit = 5;
  batch.extra.text = "null";
  EXPECT_EQ(writeAs(batch, {.omitEmptyLists = true}),
            R"({"run_id":"a\"b","mode":"","password":"","limit":5,"extra":null})");
}

}  // namespace
}  // namespace regesta::api

#include "quality/report.h"

#include <cmath>
#include <thread>

#include "base/limits_delivery.h"
#include "base/time.h"
#include "quality/quality.h"
#include "support/prompt_test.h"

namespace regesta::quality {
namespace {

using Kind = ReportOutcome::Kind;

class ReportTest : public PromptTest {
 protected:
  static Report one(double value, std::string key = {}, std::int64_t version = 1) {
    return {.prompt = "greeting",
            .version = version,
            .metric = "score",
            .value = value,
            .key = std::move(key),
            .source = "native"};
  }
  std::vector<ReportOutcome> send(const std::vector<Report>& reports) {
    return report(*store_, author_, workspace_, reports);
  }
  std::vector<Quality> look(QualityQuery query = {}) {
    if (query.until == 0) query.until = nowMillis() + 3'600'000;
    return read([&](db::Transaction& transaction) {
      return quality(transaction, registry::getAsset(transaction, {workspace_, registry::Kind::prompt, "greeting"}),
                     query);
    });
  }
};

TEST_P(ReportTest, AreStoredAndSummedUp) {
  makePrompt("greeting", {"Hi", "Hello"});
  for (const ReportOutcome& outcome : send({one(0.5), one(1), one(0, "", 2), one(1.5)}))
    EXPECT_EQ(outcome.kind, Kind::stored) << outcome.error;
  send({one(2)});
  EXPECT_EQ(reported("greeting", 1), (std::vector<std::string>{"score=0.5", "score=1", "score=1.5", "score=2"}));
  std::vector<Quality> found = look();
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].version, 1);
  EXPECT_EQ(found[0].semver, "1.0.0");
  EXPECT_EQ(found[0].all.count(), 4);
  EXPECT_DOUBLE_EQ(found[0].all.mean(), 1.25);
  EXPECT_EQ(found[1].all.count(), 1);
}

TEST_P(ReportTest, AKeyCountsOnceAPromptAndMetric) {
  makePrompt("greeting", {"Hi"});
  Report other = one(1, "k1");
  other.metric = "latency_ms";
  std::vector<ReportOutcome> outcomes = send({one(1, "k1"), one(0, "k1"), other, one(1), one(1)});
  EXPECT_EQ(outcomes[0].kind, Kind::stored);
  EXPECT_EQ(outcomes[1].kind, Kind::duplicate);
  EXPECT_EQ(outcomes[2].kind, Kind::stored);
  EXPECT_EQ(outcomes[3].kind, Kind::stored);
  EXPECT_EQ(outcomes[4].kind, Kind::stored);
  EXPECT_EQ(send({one(0, "k1")})[0].kind, Kind::duplicate);
  EXPECT_EQ(count("report"), 4);
  QualityQuery query;
  query.metric = "score";
  ASSERT_EQ(look(query).size(), 1u);
  EXPECT_EQ(look(query)[0].all.count(), 3);  // the repetitions are in no sum
  EXPECT_EQ(look(query)[0].all.mean(), 1);
}

TEST_P(ReportTest, WhatCannotBeIsRefusedByNameAndTheRestKept) {
  makePrompt("greeting", {"Hi"});
  Report nameless = one(1), controlled = one(1), future = one(1), ancient = one(1), unknown = one(1);
  nameless.metric.clear();
  controlled.unit = "a\nb";
  future.at = nowMillis() + 3'600'000;
  ancient.at = 1;
  unknown.prompt = "farewell";
  std::vector<ReportOutcome> outcomes =
      send({one(std::nan("")), one(INFINITY), one(1e300), one(1, "", 9), nameless, controlled, future, ancient, unknown,
            one(std::numeric_limits<double>::denorm_min()), one(0.25)});
  std::vector<std::string> why;
  for (const ReportOutcome& outcome : outcomes) why.push_back(outcome.error);
  EXPECT_EQ(why, (std::vector<std::string>{
                     "value must be a finite number, not nan", "value must be a finite number, not inf",
                     "value must be between -1e+15 and 1e+15", "version: prompt 'greeting' has no version 9",
                     "metric is required", "unit must not hold control characters", "at must not be in the future",
                     "at must not be older than a year", "version: prompt 'farewell' has no version 1", "", ""}));
  EXPECT_EQ(count("report"), 2);
}

TEST_P(ReportTest, OddTextIsKeptAsItIs) {
  makePrompt("greeting", {"Hi"});
  Report odd = one(1, "schlüssel \"'\\ ☃");
  odd.unit = "'; DROP TABLE report; --";
  EXPECT_EQ(send({odd})[0].kind, Kind::stored);
  EXPECT_EQ(send({odd})[0].kind, Kind::duplicate);
  std::string unit = read([](db::Transaction& transaction) {
    db::Rows rows = transaction.query("SELECT unit FROM report");
    rows.next();
    return rows.text(0);
  });
  EXPECT_EQ(unit, odd.unit);
  Report broken = one(1);
  broken.unit = "\xff\xfe";
  EXPECT_EQ(send({broken})[0].error, "unit must be UTF-8");
}

TEST_P(ReportTest, ALateOneCountsInItsOwnHour) {
  makePrompt("greeting", {"Hi"});
  std::int64_t now = nowMillis(), before = now - 5 * 3'600'000;
  Report late = one(0);
  late.at = before;
  send({one(1), late, one(1)});
  QualityQuery query;
  query.hours = 1;
  std::vector<Quality> found = look(query);
  ASSERT_EQ(found[0].series.size(), 2u);
  EXPECT_EQ(found[0].series[0].from, before / 3'600'000 * 3'600'000);
  EXPECT_EQ(found[0].series[0].summary.mean(), 0);
  EXPECT_EQ(found[0].series[1].summary.count(), 2);
  query.since = now - 3'600'000;
  EXPECT_EQ(look(query)[0].all.count(), 2);
}

TEST_P(ReportTest, ManyAtOnceFromManySidesAreAllCounted) {
  makePrompt("greeting", {"Hi"});
  std::vector<std::thread> reporters;
  for (int reporter = 0; reporter < 8; ++reporter)
    reporters.emplace_back([this] {
      for (int batch = 0; batch < 5; ++batch) send(std::vector<Report>(20, one(0.5)));
    });
  for (std::thread& reporter : reporters) reporter.join();
  EXPECT_EQ(count("report"), 800);
  EXPECT_EQ(look()[0].all.count(), 800);
}

TEST_P(ReportTest, ABatchHasALimit) {
  makePrompt("greeting", {"Hi"});
  EXPECT_EQ(send(std::vector<Report>(limits::reportBatch, one(1))).size(), limits::reportBatch);
  EXPECT_THROW(send(std::vector<Report>(limits::reportBatch + 1, one(1))), Invalid);
  EXPECT_TRUE(send({}).empty());
}

REGESTA_ON_BOTH(ReportTest);

}  // namespace
}  // namespace regesta::quality

#include "tracking/seal.h"

#include "crypto/hash.h"
#include "support/tracking_test.h"
#include "tracking/history.h"
#include "tracking/input.h"

namespace regesta::tracking {
namespace {

class SealTest : public TrackingTest {
 protected:
  SealCheck check(const std::string& runId) {
    return read([&](db::Transaction& s) { return checkSeal(s, runId); });
  }
  std::string digest(const std::string& runId) {
    return read([&](db::Transaction& s) {
      tracking::Run run = getRun(s, workspace_, runId);
      return crypto::sha256Hex(runContent(s, run, historyDigest(s, run)));
    });
  }
  std::string fullRun() {
    std::string id = makeRun({.name = "r", .startTime = 5});
    log(id, {.metrics = {{{"acc", 0.9, 1, 1}, "", "", ""}, {{"loss", 0.2, 1, 1}, "", "", ""}},
             .params = {{"lr", "0.1"}},
             .tags = {{"k", "v"}}});
    change([&](registry::Change& c) {
      logInputs(c.transaction, workspace_, id, {{{0, "loans", "d1", "local", "here", "", ""}, {}}}, {});
    });
    return id;
  }
};
REGESTA_ON_BOTH(SealTest);

TEST_P(SealTest, EndingARunRecordsItsContent) {
  std::string id = fullRun();
  EXPECT_EQ(check(id).state, SealState::unsealed);
  finish(id);
  auto sealed = entries("run.sealed");
  ASSERT_EQ(sealed.size(), 1u);
  EXPECT_EQ(sealed[0].at("subject").get_string(), "run/" + id);
  EXPECT_EQ(sealed[0].at("data").at("digest").get_string(), digest(id));
  EXPECT_EQ(sealed[0].at("data").at("points").to_number<int>(), 2);
  EXPECT_EQ(sealed[0].at("data").at("reason").get_string(), "ended");
  EXPECT_EQ(check(id).state, SealState::intact);
}

TEST_P(SealTest, EndingAgainUnchangedRecordsNothingNew) {
  std::string id = fullRun();
  finish(id);
  finish(id);
  EXPECT_EQ(entries("run.sealed").size(), 1u);
  EXPECT_EQ(check(id).state, SealState::intact);
  finish(id, 100);
  auto sealed = entries("run.sealed");
  ASSERT_EQ(sealed.size(), 2u);
  EXPECT_EQ(sealed[1].at("data").at("previous").get_string(), sealed[0].at("data").at("digest").get_string());
}

TEST_P(SealTest, AWriteThatNoEntryTellsOfCountsAsAltered) {
  std::string id = fullRun();
  finish(id);
  log(id, "acc", 0.99, 2, 2);
  EXPECT_EQ(check(id).state, SealState::altered);
  change([&](registry::Change& c) {
    tracking::Run now = getRun(c.transaction, workspace_, id);
    sealRun(c, now, "cited");
  });
  EXPECT_EQ(check(id).state, SealState::intact);
  EXPECT_EQ(entries("run.sealed").back().at("data").at("reason").get_string(), "cited");
}

TEST_P(SealTest, AWriteAfterTheSealIsRecordedWithBothDigests) {
  auto record = [&](const std::string& id) {
    change([&](registry::Change& c) { recordWrite(c, workspace_, id); });
    return entries("run.changed-after-seal");
  };
  std::string id = fullRun();
  EXPECT_TRUE(record(id).empty()) << "never sealed";
  finish(id);
  EXPECT_TRUE(record(id).empty()) << "not written to";
  std::string before = digest(id);
  log(id, "acc", 0.99, 2, 2);
  auto recorded = record(id);
  ASSERT_EQ(recorded.size(), 1u);
  EXPECT_EQ(recorded[0].at("data").at("previous").get_string(), before);
  EXPECT_EQ(recorded[0].at("data").at("digest").get_string(), digest(id));
  EXPECT_EQ(check(id).state, SealState::intact);
}

TEST_P(SealTest, AVeryLongHistoryIsNotDigestedForEachWrite) {
  std::string id = makeRun();
  Batch batch;
  for (int i = 0; i < 1000; ++i) batch.metrics.push_back({{std::string(200, 'm'), 0.5, i, i}, "", "", ""});
  for (int round = 0; round < 3; ++round) {
    for (LoggedMetric& metric : batch.metrics) metric.metric.step += 1000;
    log(id, batch);
  }
  change([&](registry::Change& c) {
    tracking::Run now = getRun(c.transaction, workspace_, id);
    sealRun(c, now, "cited");
  });
  for (int i = 0; i < 3; ++i) {
    log(id, "acc", 0.9, i, i);
    change([&](registry::Change& c) { recordWrite(c, workspace_, id); });
  }
  auto recorded = entries("run.changed-after-seal");
  ASSERT_EQ(recorded.size(), 1u) << "the first write to a running run";
  EXPECT_FALSE(recorded[0].at("data").as_object().contains("digest"));
  EXPECT_EQ(check(id).state, SealState::ahead);
  finish(id);
  EXPECT_EQ(entries("run.sealed").size(), 2u);
  log(id, "acc", 0.9, 9, 9);
  change([&](registry::Change& c) { recordWrite(c, workspace_, id); });
  EXPECT_EQ(entries("run.changed-after-seal").size(), 2u) << "each write to a run that has ended";
}

TEST_P(SealTest, EveryPartIsCovered) {
  const char* alterations[] = {
      "UPDATE run SET params = '{\"lr\":\"0.2\"}'",
      "UPDATE run SET tags = '{}'",
      "UPDATE run SET metrics = '{\"acc\":[0.91,1,1],\"loss\":[0.2,1,1]}'",
      "UPDATE run SET name = 'x'",
      "UPDATE run SET status = 4",
      "UPDATE run SET start_time = 6",
      "UPDATE run SET artifact_uri = 's3://x'",
      "UPDATE run SET links = ''",
      "UPDATE metric_log SET body = '[[\"acc\",0.91,1,1],[\"loss\",0.2,1,1]]'",
      "DELETE FROM metric_log",
      "UPDATE dataset SET source = 'there'",
  };
  for (const char* alteration : alterations) {
    write([&](db::Transaction& s) {
      s.script("DELETE FROM metric_log; DELETE FROM run; DELETE FROM dataset_context; DELETE FROM dataset");
    });
    std::string id = fullRun();
    finish(id);
    ASSERT_EQ(check(id).state, SealState::intact);
    write([&](db::Transaction& s) { s.run(alteration); });
    EXPECT_EQ(check(id).state, SealState::altered) << alteration;
  }
}

TEST_P(SealTest, DeletingAndCompactingAreNoAlterations) {
  std::string id = makeRun();
  for (int i = 0; i < 70; ++i) log(id, "m", i, i, i);
  finish(id);
  std::string before = digest(id);
  compactHistory(*store_, workspace_, id);
  EXPECT_EQ(count("metric_log"), 1);
  change([&](registry::Change& c) { deleteRun(c, workspace_, id, registry::ClearanceIssuer::remove(false)); });
  EXPECT_EQ(digest(id), before);
  EXPECT_EQ(check(id).state, SealState::intact);
}

}  // namespace
}  // namespace regesta::tracking

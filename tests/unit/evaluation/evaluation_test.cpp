#include "evaluation/evaluation_dataset.h"

#include "evaluation/issue.h"
#include "evaluation/scorer.h"
#include "support/tracking_test.h"

namespace regesta::evaluation {
namespace {

class EvaluationTest : public TrackingTest {
 protected:
  EvaluationDataset make(const std::string& name, const tracking::Texts& tags = {}) {
    return change([&](registry::Change& c) { return createEvaluationDataset(c, workspace_, name, tags, {0}); });
  }
  Upserted upsert(const EvaluationDataset& dataset, std::string_view records) {
    return change(
        [&](registry::Change& c) { return upsertRecords(c, get(c.transaction, dataset), parseJson(records)); });
  }
  EvaluationDataset get(db::Transaction& transaction, const EvaluationDataset& dataset) {
    return getEvaluationDataset(transaction, workspace_, dataset.datasetId);
  }
  EvaluationDataset now(const EvaluationDataset& dataset) {
    return read([&](db::Transaction& s) { return get(s, dataset); });
  }
  tracking::Page<EvaluationRecord> records(const EvaluationDataset& dataset, std::int64_t most = 1000,
                                           const std::string& token = {}) {
    return read([&](db::Transaction& s) { return listRecords(s, dataset, most, token); });
  }
  Scorer add(const std::string& name, const std::string& body = "{}") {
    return change([&](registry::Change& c) { return registerScorer(c, workspace_, 0, name, body); });
  }
  Code refused(const std::string& body) {
    try {
      add("x", body);
    } catch (const Error& e) {
      return e.code;
    }
    return Code::internal;
  }
};

TEST_P(EvaluationTest, theSameInputsAreTheSameRecord) {
  EvaluationDataset set = make("golden");
  Upserted first = upsert(set, R"([{"inputs":{"a":1,"b":[2]},"expectations":{"x":1}},{"inputs":{"a":2}}])");
  EXPECT_EQ(first.inserted, 2);
  std::string digest = now(set).digest;
  Upserted again =
      upsert(set, R"([{"inputs":{"b":[2],"a":1},"expectations":{"y":2},"outputs":"o"},{"inputs":{"a":3}}])");
  EXPECT_EQ(again.inserted, 1);
  EXPECT_EQ(again.updated, 1);
  EXPECT_NE(now(set).digest, digest);
  EXPECT_EQ(now(set).records, 3);
  tracking::Page<EvaluationRecord> page = records(set);
  ASSERT_EQ(page.items.size(), 3U);
  EXPECT_EQ(writeJson(page.items[0].body.at("expectations")), R"({"x":1,"y":2})");
  EXPECT_EQ(page.items[0].body.at("outputs").as_string(), "o");
}

TEST_P(EvaluationTest, oneBadRecordKeepsAllOut) {
  EvaluationDataset set = make("golden");
  EXPECT_THROW(upsert(set, R"([{"inputs":{"a":1}},{"inputs":7}])"), Invalid);
  EXPECT_THROW(upsert(set, R"({"inputs":{"a":1}})"), Invalid);
  EXPECT_TRUE(records(set).items.empty());
}

TEST_P(EvaluationTest, recordsComeByPagesAndGo) {
  EvaluationDataset set = make("golden");
  upsert(set, R"([{"inputs":{"a":1}},{"inputs":{"a":2}},{"inputs":{"a":3}}])");
  tracking::Page<EvaluationRecord> first = records(set, 2);
  tracking::Page<EvaluationRecord> rest = records(set, 2, first.nextPageToken);
  ASSERT_EQ(rest.items.size(), 1U);
  EXPECT_TRUE(rest.nextPageToken.empty());
  std::int64_t deleted = change([&](registry::Change& c) {
    return deleteRecords(c, get(c.transaction, set), {first.items[0].recordId, "dr-none"});
  });
  EXPECT_EQ(deleted, 1);
  EXPECT_EQ(now(set).records, 2);
  change([&](registry::Change& c) { deleteEvaluationDataset(c, get(c.transaction, set)); });
  EXPECT_TRUE(records(set).items.empty());
}

TEST_P(EvaluationTest, datasetsAreSearched) {
  make("a", {{"team", "ml"}});
  make("b", {{"team", "data"}});
  auto names = [&](const EvaluationDatasetSearch& search) {
    std::string found;
    auto page = read([&](db::Transaction& s) { return searchEvaluationDatasets(s, workspace_, search); });
    for (const auto& one : page.items) found += one.name;
    return found;
  };
  EXPECT_EQ(names({}), "ba");
  EXPECT_EQ(names({.filter = "tags.team = 'ml'"}), "a");
  EXPECT_EQ(names({.filter = "name LIKE 'b%'"}), "b");
  EXPECT_EQ(names({.experiments = {5}}), "");
  EXPECT_EQ(names({.experiments = {0, 5}, .orderBy = {"name ASC"}}), "ab");
}

TEST_P(EvaluationTest, versionsOfAScorerCountUp) {
  Scorer first = add("polite"), second = add("polite", R"({"v":2})");
  EXPECT_EQ(second.version, 2);
  EXPECT_EQ(second.scorerId, first.scorerId);
  EXPECT_EQ(first.scorerId.size(), 36U);
  change([&](registry::Change& c) { deleteScorer(c, workspace_, 0, "polite", 1); });
  read([&](db::Transaction& s) {
    EXPECT_EQ(getScorer(s, workspace_, 0, "polite", std::nullopt).body, R"({"v":2})");
    EXPECT_THROW(getScorer(s, workspace_, 0, "polite", 1), Error);
    EXPECT_EQ(listScorers(s, workspace_, 0).size(), 1U);
  });
}

TEST_P(EvaluationTest, codeAndStrangeModelsAreNoScorers) {
  EXPECT_EQ(refused(R"({"a":[{"call_source":"import os"}]})"), Code::invalid);
  EXPECT_EQ(refused(R"({"call_source":null})"), Code::internal);
  EXPECT_EQ(refused("no json"), Code::invalid);
  EXPECT_EQ(refused(R"({"memory_augmented_judge_data":{"base_judge":{"builtin_scorer_pydantic_data":{"model":" "}}}})"),
            Code::invalid);
  EXPECT_EQ(refused(R"({"instructions_judge_pydantic_data":{"model":"gateway:/x"}})"), Code::notFound);
}

TEST_P(EvaluationTest, theGravestIssueComesFirst) {
  auto tell = [&](const std::string& name, const std::string& severity) {
    return change([&](registry::Change& c) {
      return createIssue(c, {.workspace = workspace_, .name = name, .description = "d", .severity = severity});
    });
  };
  tell("none", "");
  Issue low = tell("low", "low");
  tell("high", "high");
  auto names = [&](const IssueSearch& search) {
    std::string found;
    auto page = read([&](db::Transaction& s) { return searchIssues(s, workspace_, search); });
    for (const Issue& issue : page.items) found += issue.name + " ";
    return found;
  };
  EXPECT_EQ(names({}), "high low none ");
  low.status = "resolved";
  change([&](registry::Change& c) { return changeIssue(c, low); });
  EXPECT_EQ(names({.filter = "status != 'pending'"}), "low ");
  EXPECT_THROW(names({.filter = "severity = 'low'"}), Error);
  EXPECT_THROW(tell("x", "dire"), Invalid);
}

REGESTA_ON_BOTH(EvaluationTest);

}  // namespace
}  // namespace regesta::evaluation

#include "evaluation/evaluate.h"

#include <cmath>

#include "evaluation/data_table.h"
#include "evaluation/fairness.h"
#include "governance/replay.h"
#include "registry/lineage.h"
#include "support/governance_test.h"

namespace regesta::evaluation {
namespace {

double real(const json::object& object, std::string_view name) { return object.at(name).to_number<double>(); }
const json::object& group(const Evaluation& evaluation, std::string_view column, std::string_view value) {
  return evaluation.fairness.at(column).at("groups").at(value).as_object();
}

/// 200 rows of three groups with labels, scores and predictions, the same as in the oracle's program.
struct Sample {
  std::string dataset = "id,race,approve\n", predictions = "id,score,prediction\n";
  Sample() {
    std::int64_t state = 12345;
    auto next = [&] {
      state = (1103515245 * state + 12345) % 2147483648;
      return static_cast<double>(state) / 2147483648.0;
    };
    for (int i = 0; i < 200; ++i) {
      char race = "abc"[static_cast<int>(next() * 3)];
      int label = next() < (race == 'a' ? 0.6 : 0.4) ? 1 : 0;
      int score = static_cast<int>((0.3 * label + 0.7 * next()) * 100);
      int predicted = score > (race != 'c' ? 50 : 60) ? 1 : 0;
      dataset += fmt::format("{},{},{}\n", i, race, label);
      predictions += fmt::format("{},{},{}\n", i, score, predicted);
    }
  }
};

// The expected numbers are scikit-learn 1.9.1's and fairlearn 0.15.0's for these rows.
TEST(NormalValue, OneSpellingPerNumber) {
  for (std::string_view text : {"0", "7", "10", "123456789012345"}) {
    EXPECT_EQ(normalValue(text), text);
    EXPECT_EQ(normalValue(fmt::format(" {}.0 ", text)), text);
  }
  EXPECT_EQ(normalValue("1234567890123456"), normalValue("1234567890123456.0"));
  EXPECT_EQ(normalValue("007"), "7");
  EXPECT_EQ(normalValue("True"), "1");
  EXPECT_EQ(normalValue("NaN"), "");
  EXPECT_EQ(normalValue("1e3"), normalValue("1000"));
}

TEST(Evaluate, agreesWithScikitLearnAndFairlearn) {
  Sample sample;
  Evaluation got = evaluate(sample.dataset, sample.predictions,
                            {.label = "approve", .prediction = "prediction", .score = "score", .groups = {"race"}});
  EXPECT_NEAR(real(got.metrics, "accuracy"), 0.725, 1e-12);
  EXPECT_NEAR(real(got.metrics, "precision"), 0.7272727272727273, 1e-12);
  EXPECT_NEAR(real(got.metrics, "recall"), 0.6736842105263158, 1e-12);
  EXPECT_NEAR(real(got.metrics, "f1"), 0.6994535519125683, 1e-12);
  EXPECT_NEAR(real(got.metrics, "auc"), 0.8697744360902255, 1e-12);
  EXPECT_EQ(got.metrics.at("n").as_int64(), 200);
  const json::object& race = got.fairness.at("race").as_object();
  EXPECT_NEAR(real(race, "demographic_parity_ratio"), 0.41285714285714287, 1e-12);
  EXPECT_NEAR(real(race, "demographic_parity_difference"), 0.3453781512605042, 1e-12);
  EXPECT_NEAR(real(race, "equalized_odds_difference"), 0.34059233449477355, 1e-12);
  EXPECT_NEAR(real(race, "equal_opportunity_difference"), 0.34059233449477355, 1e-12);
}

TEST(Evaluate, rowsAreMatchedByAColumn) {
  Columns columns{.label = "y", .prediction = "p", .groups = {"g"}, .join = "id"};
  std::string dataset = "id,g,y\n1,a,1\n2,a,0\n3,b,1\n4,b,0\n";
  Evaluation got = evaluate(dataset, "p,id\n0,4\n1,3\n0,2\n1,1\n", columns);
  EXPECT_EQ(real(got.metrics, "accuracy"), 1);
  EXPECT_NE(thrown(Code::invalid, [&] { evaluate(dataset, "p,id\n0,4\n1,3\n0,2\n1,9\n", columns); })
                .find("no row with id '1'"),
            std::string::npos);
  EXPECT_NE(thrown(Code::invalid, [&] { evaluate(dataset, "p,id\n0,4\n1,3\n0,3\n1,1\n", columns); }).find("twice"),
            std::string::npos);
  EXPECT_NE(thrown(Code::invalid, [&] { evaluate(dataset, "p,id\n0,4\n", columns); }).find("4 rows"),
            std::string::npos);
}

TEST(Evaluate, mlflowsJsonTableAndPandasBooleansAreRead) {
  Evaluation got = evaluate("race,approve\nblack,True\nwhite,False\nwhite,1.0\n",
                            R"({"columns": ["prediction", "note"], "data": [[true, "x"], [0, null], [1.0, "y, z"]]})",
                            {.label = "approve", .prediction = "prediction", .groups = {"race"}});
  EXPECT_EQ(real(got.metrics, "accuracy"), 1);
  EXPECT_EQ(group(got, "race", "white").at("n").as_int64(), 2);
}

TEST(Evaluate, aRateThatDoesNotExistIsNullNotZero) {
  // Group b has no positives: fairlearn would call its true positive rate 0.
  Evaluation got =
      evaluate("g,y\na,1\na,0\nb,0\nb,0\n", "p\n1\n0\n0\n1\n", {.label = "y", .prediction = "p", .groups = {"g"}});
  EXPECT_TRUE(group(got, "g", "b").at("tpr").is_null());
  EXPECT_TRUE(got.fairness.at("g").at("equal_opportunity_difference").is_null());
  EXPECT_TRUE(got.fairness.at("g").at("equalized_odds_difference").is_null());
  EXPECT_EQ(got.fairness.at("g").at("demographic_parity_ratio").as_double(), 1);
  got = evaluate("g,y\na,1\nb,0\n", "p\n0\n0\n", {.label = "y", .prediction = "p", .groups = {"g"}});
  EXPECT_TRUE(got.fairness.at("g").at("demographic_parity_ratio").is_null());
}

TEST(Evaluate, missingGroupsAreAGroup) {
  Evaluation got =
      evaluate("g,y\na,1\n,0\nNaN,1\n", "p\n1\n0\n1\n", {.label = "y", .prediction = "p", .groups = {"g"}});
  EXPECT_EQ(group(got, "g", "(missing)").at("n").as_int64(), 2);
  EXPECT_EQ(got.fairness.at("g").at("smallest_group").as_int64(), 1);
}

TEST(Evaluate, wilsonIntervals) {  // scipy.stats.binomtest(8, 10).proportion_ci(method="wilson")
  Interval interval = wilson(8, 10);
  EXPECT_NEAR(interval.low, 0.4901624715366418, 1e-12);
  EXPECT_NEAR(interval.high, 0.9433178485456248, 1e-12);
  EXPECT_NEAR(wilson(0, 5).low, 0, 1e-15);
}

TEST(Evaluate, hostileFilesGetWordsNotCrashes) {
  Columns columns{.label = "y", .prediction = "p", .groups = {"g"}};
  const std::string good = "g,y\na,1\nb,0\n", predictions = "p\n1\n0\n";
  auto says = [&](const std::string& dataset, const std::string& predicted, std::string_view part) {
    std::string message = thrown(Code::invalid, [&] { evaluate(dataset, predicted, columns); });
    EXPECT_NE(message.find(part), std::string::npos) << message;
  };
  says("", predictions, "is empty");
  says("g,y\n", predictions, "no rows");
  says("g,label\na,1\n", predictions, "no column 'y'");
  says("g,y,y\na,1,1\n", predictions, "twice");
  says("g,y\na,1\nb\n", predictions, "1 fields on line 3");
  says("g,y\na,\"1\nb,0\n", predictions, "begins on line 2 and never ends");
  says("g,y\na,\"1\"x\n", predictions, "after a closing quotation mark");
  says("g,y\na,\nb,0\n", predictions, "no value for 'y' in row 1");
  says("g,y\na,NaN\nb,0\n", predictions, "no value for 'y' in row 1");
  says("PAR1....", predictions, "Parquet");
  says(std::string("g,y\0", 4), predictions, "not UTF-8");
  says("\xff\xfe", predictions, "not UTF-8");
  says(good, R"({"columns": ["p"]})", "not a table");
  says(good, R"({"columns": ["p"], "data": [[1], [1, 2]]})", "row 2");
  says(good, R"({"columns": ["p"], "data": [[{"a": 1}], [1]]})", "nested");
  says(good, std::string(200, '['), "is not a valid JSON table");
  says("g,y\na,x\nb,z\n", predictions, "positive");
  EXPECT_NE(thrown(Code::invalid, [&] { evaluate("g,y\na,1\nb,2\nc,3\n", "p\n1\n2\n3\n", columns); }).find("positive"),
            std::string::npos);
  std::string many = "g,y\n", zeros = "p\n";
  for (int i = 0; i < 200; ++i) many += fmt::format("g{},{}\n", i, i % 2), zeros += "1\n";
  says(many, zeros, "100 different values");
  EXPECT_NE(thrown(Code::tooLarge, [&] { readTable(std::string(65 * 1024 * 1024, 'x'), "the dataset", {"x"}); })
                .find("limit"),
            std::string::npos);
}

TEST(Evaluate, csvQuotingAndLineEnds) {
  DataTable table = readTable("\xEF\xBB\xBF\"a\",\"b \"\"q\"\"\"\r\n\"x\ny\",1\r\n\r\n\"z \"\"w\"\"\",2", "the file",
                              {"a", "b \"q\""});
  EXPECT_EQ(table.column("a"), (DataTable::Column{"x\ny", "z \"w\""}));
  EXPECT_EQ(table.column("b \"q\""), (DataTable::Column{"1", "2"}));
}

class StoredEvaluationTest : public governance::GovernanceTest {
 protected:
  registry::Version addDataset(const std::string& csv) {
    std::string digest = blob::put(*blobs_, csv).digest;
    return change([&](registry::Change& c) {
      registry::AssetKey dataset{"default", registry::Kind::dataset, "loanapp"};
      auto asset = registry::createAsset(c, dataset, "", {});
      return registry::createVersion(c, asset,
                                     {.files = {{"test.csv", digest, static_cast<std::int64_t>(csv.size())}}});
    });
  }
  EvaluationOrder order(const std::string& predictions) {
    EvaluationOrder made;
    made.model = key();
    made.modelSelector = "1";
    made.dataset = "loanapp";
    made.digest = blob::put(*blobs_, predictions).digest;
    made.columns = {.label = "approve", .prediction = "prediction", .groups = {"race"}};
    made.computedBy = "regesta test";
    return made;
  }
};

TEST_F(StoredEvaluationTest, theNumbersBecomeVerifiedEvidenceThatOpensTheGate) {
  makePeople();
  addVersion();
  Sample sample;
  addDataset(sample.dataset);
  guard(R"(
deny contains {"code": "accuracy", "msg": "not accurate"} if not input.candidate.metrics.verified.accuracy >= 0.7
deny contains {"code": "data", "msg": "wrong data"} if not input.candidate.evaluation.dataset.name == "loanapp"
deny contains {"code": "fair", "msg": "no fairness"} if not input.candidate.fairness.race.smallest_group > 10
)");
  EXPECT_EQ(gate_->move(as("anna"), to(1)).kind, governance::Kind::refused);
  EvaluationResult result = runEvaluation(*store_, *blobs_, {"user:anna"}, order(sample.predictions));
  EXPECT_TRUE(result.evaluation.verified);
  EXPECT_EQ(result.evaluation.type, "evaluation");
  EXPECT_EQ(result.fairness.type, "fairness");
  auto outcome = gate_->move(as("anna"), to(1));
  EXPECT_EQ(outcome.kind, governance::Kind::moved) << governance::outcomeText(*gate_, to(1), outcome);
  auto edges = read([&](db::Transaction& transaction) {
    return registry::lineage(transaction, "default", "model/loan-risk@1", registry::Direction::upstream);
  });
  ASSERT_EQ(edges.size(), 1U);
  EXPECT_EQ(edges[0].from, "dataset/loanapp@1");
}

TEST_F(StoredEvaluationTest, whatIsNotThereIsNamed) {
  addVersion();
  EXPECT_NE(
      thrown(Code::notFound, [&] { runEvaluation(*store_, *blobs_, {"user:anna"}, order("p\n1\n")); }).find("loanapp"),
      std::string::npos);
  addDataset("race,approve\na,1\n");
  EvaluationOrder both = order("prediction\n1\n");
  both.runId = "x";
  thrown(Code::invalid, [&] { runEvaluation(*store_, *blobs_, {"user:anna"}, both); });
  EvaluationOrder unknown = order("prediction\n1\n");
  unknown.digest = std::string(64, '0');
  thrown(Code::notFound, [&] { runEvaluation(*store_, *blobs_, {"user:anna"}, unknown); });
  EvaluationOrder file = order("prediction\n1\n");
  file.datasetFile = "other.csv";
  EXPECT_NE(thrown(Code::invalid, [&] { runEvaluation(*store_, *blobs_, {"user:anna"}, file); }).find("test.csv"),
            std::string::npos);
}

TEST(Claims, cardsMustSaySomething) {
  EXPECT_EQ(governance::checkClaim("card", "# Loan risk\n\nFor consumer loans.\n## Limits\nNone known.")
                .summary.at("title")
                .as_string(),
            "Loan risk");
  thrown(Code::invalid, [] { governance::checkClaim("card", "# Only\n## Headings\n"); });
  thrown(Code::invalid, [] { governance::checkClaim("card", "   \n"); });
  thrown(Code::invalid, [] { governance::checkClaim("card", json::object{{"intended_use", ""}}); });
  EXPECT_NO_THROW(governance::checkClaim("card", json::object{{"intended_use", "consumer loans"}}));
  thrown(Code::invalid, [] { governance::checkClaim("card", json::value(std::string(600 * 1024, 'x'))); });
  thrown(Code::invalid, [] { governance::checkClaim("rumour", json::object{{"a", 1}}); });
  thrown(Code::invalid,
         [] { governance::checkClaim("evaluation", json::object{{"metrics", json::object{{"accuracy", "high"}}}}); });
  thrown(Code::invalid, [] { governance::checkClaim("scan", json::object{{"ok", true}}, std::string(64, '0')); });
}

}  // namespace
}  // namespace regesta::evaluation

#include "quality/score.h"

#include "quality/trace_link.h"
#include "support/prompt_test.h"

namespace regesta::quality {
namespace {

using Names = std::vector<std::string>;

class ScoreTest : public PromptTest {
 protected:
  void SetUp() override {
    PromptTest::SetUp();
    makePrompt("greet", {"one", "two"});
  }
  static Score score(const std::string& id, double value, const std::string& trace = "t1") {
    Score made;
    made.id = id;
    made.name = "q";
    made.value = value;
    made.trace = trace;
    return made;
  }
  std::string put(const Score& one) { return storeScores(*store_, author_, workspace_, {one}).front(); }
  std::vector<Score> list(const ScoreFilter& filter) {
    return read([&](db::Transaction& s) { return listScores(s, workspace_, filter, 100, std::nullopt); });
  }
};

TEST_P(ScoreTest, TheSameIdReplacesWhatItSaysButCountsOnce) {
  Score first = score("a", 0.5);
  first.metadata = json::object{{"prompt", "greet"}, {"version", 2}};
  EXPECT_EQ(put(first), "");
  Score second = first;
  second.value = 0.75;
  second.comment = "better";
  EXPECT_EQ(put(second), "");
  std::vector<Score> found = list({});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].value, 0.75);
  EXPECT_EQ(found[0].comment, "better");
  EXPECT_EQ(found[0].metadata, json::value(first.metadata));
  EXPECT_EQ(reported("greet", 2), Names{"q=0.5"});
}

TEST_P(ScoreTest, ItsTraceMaySayLaterWhichVersionItIsAbout) {
  EXPECT_EQ(put(score("before", 0.25)), "");
  EXPECT_EQ(reported("greet", 1), Names{});
  linkTraces(*store_, author_, workspace_, {{.trace = "t1", .span = "", .prompt = "greet", .version = "1"}});
  EXPECT_EQ(put(score("after", 0.5)), "");
  EXPECT_EQ(reported("greet", 1), (Names{"q=0.25", "q=0.5"}));
}

TEST_P(ScoreTest, OneThatNamesNoVersionThatIsThereIsNotStored) {
  Score good = score("good", 1), bad = score("bad", 1);
  bad.metadata = json::object{{"prompt", "greet"}, {"version", "9.0.0"}};
  std::vector<std::string> faults = storeScores(*store_, author_, workspace_, {bad, good});
  EXPECT_NE(faults[0].find("9.0.0"), std::string::npos);
  EXPECT_EQ(faults[1], "");
  ASSERT_EQ(list({}).size(), 1U);
  EXPECT_EQ(list({})[0].id, "good");
}

TEST_P(ScoreTest, FiltersAndPages) {
  for (int i = 0; i < 5; ++i) {
    Score one = score("n" + std::to_string(i), i, i % 2 ? "odd" : "even");
    one.at = 1000 + i / 2;  // some at the same moment
    put(one);
  }
  Score text = score("text", 0, "even");
  text.type = "CATEGORICAL";
  text.text = "glad";
  put(text);
  EXPECT_EQ(list({.trace = "odd"}).size(), 2U);
  EXPECT_EQ(list({.least = 3}).size(), 2U);
  EXPECT_EQ(list({.value = 0}).size(), 1U) << "a text has no number";
  EXPECT_EQ(list({.text = "glad"}).size(), 1U);
  EXPECT_EQ(list({.from = 1001, .to = 1002}).size(), 2U);
  Names ids;
  std::optional<ScorePlace> after;
  for (;;) {
    std::vector<Score> page =
        read([&](db::Transaction& s) { return listScores(s, workspace_, {.type = "NUMERIC"}, 2, after); });
    if (page.empty()) break;
    for (const Score& one : page) ids.push_back(one.id);
    after = {page.back().at, page.back().row};
  }
  EXPECT_EQ(ids, (Names{"n4", "n3", "n2", "n1", "n0"}));
  EXPECT_EQ(read([&](db::Transaction& s) { return countScores(s, workspace_, {.trace = "even"}); }), 4U);
  EXPECT_EQ(read([&](db::Transaction& s) { return countScores(s, "other", {}); }), 0U);
}

TEST_P(ScoreTest, ADeletedScoreIsGoneItsReportStays) {
  Score one = score("a", 1);
  one.metadata = json::object{{"prompt", "greet"}, {"version", 1}};
  put(one);
  EXPECT_TRUE(deleteScore(*store_, author_, workspace_, "a"));
  EXPECT_FALSE(deleteScore(*store_, author_, workspace_, "a"));
  EXPECT_FALSE(read([&](db::Transaction& s) { return findScore(s, author_, workspace_, "a"); }).has_value());
  EXPECT_EQ(reported("greet", 1), Names{"q=1"});
}

REGESTA_ON_BOTH(ScoreTest);

}  // namespace
}  // namespace regesta::quality

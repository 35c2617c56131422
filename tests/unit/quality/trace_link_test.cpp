#include "quality/trace_link.h"

#include <limits>

#include "base/id.h"
#include "support/prompt_test.h"

namespace regesta::quality {
namespace {

using Kind = TracedOutcome::Kind;
using Names = std::vector<std::string>;

const std::string trace = "0af7651916cd43dd8448eb211c80319c";

class TraceLinkTest : public PromptTest {
 protected:
  void SetUp() override {
    PromptTest::SetUp();
    makePrompt("greet", {"Hello {{name}}", "Good day {{name}}"});
    makePrompt("bye", {"Bye"});
  }
  std::size_t link(const std::string& span, const std::string& prompt, const std::string& version,
                   const std::string& of = trace) {
    return linkTraces(*store_, author_, workspace_, {{of, span, prompt, version}});
  }
  Kind score(const std::string& span, double value, const std::string& key, const std::string& of = trace) {
    return reportTraced(*store_, author_, workspace_,
                        {{.trace = of, .span = span, .metric = "q", .value = value, .key = key}})
        .front()
        .kind;
  }
  Names links(const std::string& span = {}, const std::string& of = trace) {
    return read([&](db::Transaction& transaction) {
      Names found;
      for (const TraceLink& one : linksOf(transaction, workspace_, of, span))
        found.push_back(fmt::format("{}/{}", one.prompt, one.version));
      return found;
    });
  }
};
REGESTA_ON_BOTH(TraceLinkTest);

TEST_P(TraceLinkTest, AScoreCountsForTheVersionItsTraceUsed) {
  EXPECT_EQ(link("", "greet", "2"), 1u);
  EXPECT_EQ(score("", 0.5, "s1"), Kind::reported);
  EXPECT_EQ(reported("greet", 2), Names{"q=0.5"});
  EXPECT_EQ(reported("greet", 1), Names{});
  // MLflow writes the same trace with a prefix, and authors name versions by SemVer, too.
  EXPECT_EQ(links("", "tr-" + trace), Names{"greet/2"});
  EXPECT_EQ(link("", "greet", "1.0.0", "tr-" + trace), 1u);
  EXPECT_EQ(links(), (Names{"greet/1", "greet/2"}));
}

TEST_P(TraceLinkTest, TheScoreMayComeFirst) {
  EXPECT_EQ(score("", 0.25, "s1"), Kind::waiting);
  EXPECT_EQ(count("report"), 0);
  EXPECT_EQ(link("", "greet", "1"), 1u);
  EXPECT_EQ(reported("greet", 1), Names{"q=0.25"});
  // A second prompt that turns out to have been used gets the same score.
  EXPECT_EQ(link("", "bye", "1"), 1u);
  EXPECT_EQ(reported("bye", 1), Names{"q=0.25"});
  EXPECT_EQ(reported("greet", 1), Names{"q=0.25"});
}

TEST_P(TraceLinkTest, OnlyWhoMayReportOnAPromptLinksItOrCounts) {
  const access::Identity nina{{"user:nina"}, {{"contributor", "*", "nina-*"}}};
  auto ninaScores = [&](const std::string& key) {
    return reportTraced(*store_, nina, workspace_, {{.trace = trace, .metric = "q", .value = 0, .key = key}})
        .front()
        .kind;
  };
  EXPECT_EQ(linkTraces(*store_, nina, workspace_, {{trace, "", "greet", "1"}}), 0u);
  EXPECT_EQ(score("", 0.5, "s1"), Kind::waiting) << "nina's claim links nothing";
  EXPECT_EQ(ninaScores("s2"), Kind::waiting);
  EXPECT_EQ(link("", "greet", "1"), 1u);
  EXPECT_EQ(reported("greet", 1), Names{"q=0.5"}) << "what nina measured before counts for nothing of anna's";
  EXPECT_EQ(ninaScores("s3"), Kind::waiting);
  EXPECT_EQ(score("", 0, "s3"), Kind::duplicate) << "nor does it when anna tells it again";
  EXPECT_EQ(report(*store_, nina, workspace_, {{.prompt = "greet", .version = 1, .metric = "q"}}).front().error,
            "There is no prompt named 'greet'");
  EXPECT_EQ(reported("greet", 1), Names{"q=0.5"});
}

TEST_P(TraceLinkTest, ToldTwiceItCountsOnce) {
  EXPECT_EQ(link("", "greet", "1"), 1u);
  EXPECT_EQ(link("", "greet", "1"), 0u);
  EXPECT_EQ(score("", 0.5, "s1"), Kind::reported);
  EXPECT_EQ(score("", 0.9, "s1"), Kind::duplicate);
  EXPECT_EQ(reported("greet", 1), Names{"q=0.5"});
  // Without a name every value is one of its own.
  EXPECT_EQ(score("", 0.7, ""), Kind::reported);
  EXPECT_EQ(score("", 0.7, ""), Kind::reported);
  EXPECT_EQ(reported("greet", 1), (Names{"q=0.5", "q=0.7", "q=0.7"}));
}

TEST_P(TraceLinkTest, AScoreOfASpanIsAboutThatSpan) {
  link("00f067aa0ba902b7", "greet", "1");
  link("00f067aa0ba902b8", "greet", "2");
  EXPECT_EQ(links("00f067aa0ba902b7"), Names{"greet/1"});
  EXPECT_EQ(score("00f067aa0ba902b8", 1, "b"), Kind::reported);
  EXPECT_EQ(reported("greet", 1), Names{});
  EXPECT_EQ(reported("greet", 2), Names{"q=1"});
  EXPECT_EQ(score("00f067aa0ba902b9", 1, "c"), Kind::waiting);
  // One about the whole trace counts for every version in it, once each.
  EXPECT_EQ(score("", 0, "whole"), Kind::reported);
  EXPECT_EQ(reported("greet", 1), Names{"q=0"});
  EXPECT_EQ(reported("greet", 2), (Names{"q=1", "q=0"}));
}

TEST_P(TraceLinkTest, WorkspacesDoNotSeeEachOther) {
  link("", "greet", "1");
  read([&](db::Transaction& transaction) { EXPECT_TRUE(linksOf(transaction, "other", trace).empty()); });
  auto outcome = reportTraced(*store_, author_, "other", {{.trace = trace, .metric = "q", .value = 1, .key = "s"}});
  EXPECT_EQ(outcome.front().kind, Kind::waiting);
  EXPECT_EQ(count("report"), 0);
}

TEST_P(TraceLinkTest, WhatIsUnknownIsPassedOver) {
  EXPECT_EQ(link("", "greet", "7"), 0u);
  EXPECT_EQ(link("", "nobody", "1"), 0u);
  EXPECT_EQ(link("", "greet", ""), 0u);
  EXPECT_EQ(link("", "greet", "production"), 0u);
  EXPECT_EQ(links(), Names{});
}

TEST_P(TraceLinkTest, OneBadValueDoesNotKeepTheOthers) {
  link("", "greet", "1");
  double nan = std::numeric_limits<double>::quiet_NaN();
  auto outcomes = reportTraced(*store_, author_, workspace_,
                               {{.trace = trace, .metric = "q", .value = nan, .key = "a"},
                                {.trace = "", .metric = "q", .value = 1, .key = "b"},
                                {.trace = trace, .metric = "", .value = 1, .key = "c"},
                                {.trace = trace, .metric = "q", .value = 1, .key = "d"}});
  EXPECT_EQ(outcomes[0].error, "value must be a finite number");
  EXPECT_EQ(outcomes[1].error, "trace is required");
  EXPECT_EQ(outcomes[2].error, "metric is required");
  EXPECT_EQ(outcomes[3].kind, Kind::reported);
  EXPECT_EQ(reported("greet", 1), Names{"q=1"});
}

}  // namespace
}  // namespace regesta::quality

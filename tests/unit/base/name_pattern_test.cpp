#include "base/name_pattern.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace regesta {
namespace {

/// Every text of at most `length` characters out of `letters`.
std::vector<std::string> textsOf(std::string_view letters, std::size_t length) {
  std::vector<std::string> all{""};
  for (std::size_t from = 0, round = 0; round < length; ++round) {
    std::size_t end = all.size();
    for (; from < end; ++from)
      for (char letter : letters) all.push_back(all[from] + letter);
  }
  return all;
}

TEST(NamePattern, AQuestionMarkStandsForOneCharacterAndNeverForAStar) {
  EXPECT_TRUE(globMatch("?", "a"));
  EXPECT_TRUE(globMatch("?", "ä"));
  EXPECT_FALSE(globMatch("?", "*"));
  EXPECT_FALSE(globMatch("?", ""));
  EXPECT_FALSE(globMatch("?", "ab"));
  EXPECT_FALSE(globMatch("nina-?", "nina-*"));
  EXPECT_TRUE(globMatch("*", "*"));
  EXPECT_TRUE(globMatch("a*", "a*"));
}

TEST(NamePattern, OnlyPatternsOfStarsCoverEveryName) {
  for (const std::string& pattern : textsOf("a?*", 4)) {
    bool stars = !pattern.empty() && pattern.find_first_not_of('*') == std::string::npos;
    EXPECT_EQ(patternCovers(pattern, "*"), stars) << pattern;
  }
}

TEST(NamePattern, APatternNeverCoversAnotherThatMatchesMore) {
  std::vector<std::string> patterns = textsOf("ab?*", 4), names = textsOf("abz*?", 5);
  std::vector<std::vector<bool>> matches;
  for (const std::string& pattern : patterns) {
    std::vector<bool>& row = matches.emplace_back();
    for (const std::string& name : names) row.push_back(globMatch(pattern, name));
  }
  std::size_t covered = 0;
  for (std::size_t w = 0; w < patterns.size(); ++w)
    for (std::size_t n = 0; n < patterns.size(); ++n) {
      if (!patternCovers(patterns[w], patterns[n])) continue;
      ++covered;
      for (std::size_t i = 0; i < names.size(); ++i)
        ASSERT_TRUE(matches[w][i] || !matches[n][i])
            << patterns[w] << " covers " << patterns[n] << " but not " << names[i];
    }
  EXPECT_GT(covered, patterns.size());  // each covers itself, and more
  for (const std::string& pattern : patterns) EXPECT_TRUE(patternCovers(pattern, pattern)) << pattern;
}

TEST(AssetPattern, eachPartMustMatch) {
  AssetPattern pattern{.workspace = "team", .kind = "model", .name = "loan-*"};
  EXPECT_TRUE(pattern.covers("team", "model", "loan-risk"));
  EXPECT_FALSE(pattern.covers("other", "model", "loan-risk"));
  EXPECT_FALSE(pattern.covers("team", "prompt", "loan-risk"));
  EXPECT_FALSE(pattern.covers("team", "model", "risk"));
  EXPECT_TRUE(AssetPattern{}.covers("any", "dataset", "x"));
  EXPECT_TRUE(AssetPattern{.name = "x"}.isIn("any"));
  EXPECT_FALSE(pattern.isIn("other"));
}

TEST(CoversAny, oneOfThePatternsOrNoPatternAtAll) {
  const std::vector<std::string> some{"model/loan-*", "*/shared"};
  EXPECT_TRUE(coversAny({}, "prompt", "anything"));
  EXPECT_TRUE(coversAny(some, "model", "loan-risk"));
  EXPECT_FALSE(coversAny(some, "prompt", "loan-risk"));
  EXPECT_TRUE(coversAny(some, "prompt", "shared"));
  EXPECT_FALSE(coversAny(some, "model", "score"));
}

}  // namespace
}  // namespace regesta

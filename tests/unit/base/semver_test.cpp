#include "base/semver.h"

#include <gtest/gtest.h>

namespace regesta {
namespace {

SemVer version(std::string_view text) {
  auto parsed = SemVer::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(SemVer{});
}

TEST(SemVer, ParsesAndPrintsWhatTheSpecificationAllows) {
  for (const char* text :
       {"0.0.4", "1.2.3", "10.20.30", "1.1.2-prerelease+meta", "1.1.2+meta-valid", "1.0.0-alpha.beta.1",
        "1.0.0-alpha-a.b-c-somethinglong+build.1-aef.1-its-okay", "1.0.0-rc.1+build.123", "2.0.0+build.1848",
        "1.0.0-0A.is.legal", "1.0.0-alpha0.valid", "1.2.3----RC-SNAPSHOT.12.9.1--.12+788",
        "1.0.0+0.build.1-rc.10000aaa", "18446744073709551615.0.0", "1.0.0+001"})
    EXPECT_EQ(version(text).str(), text);
}

TEST(SemVer, RefusesEverythingElse) {
  for (const char* text : {"",
                           "1",
                           "1.2",
                           "1.2.3.4",
                           "v1.2.3",
                           "1.2.3-",
                           "1.2.3+",
                           "1.2.3-0123",
                           "1.2.3-0123.0123",
                           "1.1.2+.123",
                           "+invalid",
                           "-invalid",
                           "alpha",
                           "01.1.1",
                           "1.01.1",
                           "1.1.01",
                           "1.2.3.DEV",
                           "1.2-SNAPSHOT",
                           "1.0.0-alpha_beta",
                           "1.0.0-alpha..1",
                           "1.0.0-alpha.",
                           "1.1.2+meta+meta",
                           "-1.0.3-gamma+b7718",
                           "9.8.7-whatever+meta+meta",
                           "1.2.3-ä",
                           " 1.2.3",
                           "1.2.3 ",
                           "18446744073709551616.0.0",
                           "99999999999999999999999.0.0",
                           "1..2",
                           "a.b.c"})
    EXPECT_FALSE(SemVer::parse(text)) << text;
}

TEST(SemVer, OrdersAsTheSpecificationSays) {
  const char* ascending[] = {"0.9.9",
                             "1.0.0-0",
                             "1.0.0-alpha",
                             "1.0.0-alpha.1",
                             "1.0.0-alpha.beta",
                             "1.0.0-beta",
                             "1.0.0-beta.2",
                             "1.0.0-beta.11",
                             "1.0.0-rc.1",
                             "1.0.0",
                             "1.0.1",
                             "1.2.0",
                             "1.10.0",
                             "2.0.0",
                             "10.0.0-99999999999999999999998",
                             "10.0.0-99999999999999999999999",
                             "10.0.0"};
  for (std::size_t i = 0; i < std::size(ascending); ++i)
    for (std::size_t j = 0; j < std::size(ascending); ++j)
      EXPECT_EQ(version(ascending[i]) <=> version(ascending[j]), i <=> j) << ascending[i] << " and " << ascending[j];
  EXPECT_EQ(version("1.0.0+a"), version("1.0.0+b"));
}

struct RangeCase {
  const char* range;
  const char* inside;
  const char* outside;
};

// As the `semver` package of npm answers.
TEST(SemVer, RangesHoldWhatNpmSays) {
  const RangeCase cases[] = {
      {"1.4.2", "1.4.2 1.4.2+build", "1.4.1 1.4.3 1.4.2-rc.1"},
      {"=1.4.2", "1.4.2", "1.4.3"},
      {"v1.4.2", "1.4.2", "1.4.3"},
      {"1.4", "1.4.0 1.4.9", "1.3.9 1.5.0"},
      {"1.x", "1.0.0 1.99.0", "0.9.9 2.0.0 2.0.0-rc.1"},
      {"1.4.x", "1.4.0 1.4.9", "1.5.0"},
      {"*", "0.0.0 9.9.9", "1.0.0-rc.1"},
      {"", "0.0.0 9.9.9", "1.0.0-rc.1"},
      {"^1.2.3", "1.2.3 1.9.0", "1.2.2 2.0.0 2.0.0-0 1.2.3-rc.1"},
      {"^1.2", "1.2.0 1.9.0", "1.1.9 2.0.0"},
      {"^1", "1.0.0 1.9.0", "0.9.9 2.0.0"},
      {"^0.2.3", "0.2.3 0.2.9", "0.3.0 0.2.2"},
      {"^0.0.3", "0.0.3", "0.0.4 0.0.2"},
      {"^0.0", "0.0.0 0.0.9", "0.1.0"},
      {"^0", "0.0.0 0.9.9", "1.0.0"},
      {"^1.2.3-beta.2", "1.2.3-beta.2 1.2.3-beta.4 1.2.3 1.3.0", "1.2.3-beta.1 1.2.4-beta.4 2.0.0"},
      {"~1.2.3", "1.2.3 1.2.9", "1.3.0 1.2.2"},
      {"~1.4", "1.4.0 1.4.9", "1.5.0"},
      {"~1", "1.0.0 1.9.9", "2.0.0"},
      {">=1.2 <2", "1.2.0 1.9.9", "1.1.9 2.0.0 2.0.0-rc.1"},
      {">= 1.2.0 < 2.0.0", "1.2.0 1.9.9", "1.1.9 2.0.0"},
      {">1.2", "1.3.0 2.0.0", "1.2.0 1.2.9"},
      {">1.2.3", "1.2.4", "1.2.3"},
      {"<=1.2", "1.2.0 1.2.9", "1.3.0"},
      {"<=1.2.3", "1.2.3 0.1.0", "1.2.4"},
      {"<2.0.0-rc.2", "2.0.0-rc.1 1.0.0", "2.0.0-rc.2 2.0.0 1.0.0-rc.1"},
      {"^1.0 || ^3.0", "1.5.0 3.1.0", "2.0.0 4.0.0"},
  };
  auto versions = [](const char* list) {
    std::vector<SemVer> all;
    for (std::size_t from = 0; std::string_view(list).size() > from;) {
      std::size_t end = std::min(std::string_view(list).find(' ', from), std::string_view(list).size());
      all.push_back(version(std::string_view(list).substr(from, end - from)));
      from = end + 1;
    }
    return all;
  };
  for (const RangeCase& one : cases) {
    for (const SemVer& v : versions(one.inside))
      EXPECT_EQ(inRange(v, one.range), true) << v.str() << " in " << one.range;
    for (const SemVer& v : versions(one.outside))
      EXPECT_EQ(inRange(v, one.range), false) << v.str() << " in " << one.range;
  }
}

TEST(SemVer, WhatIsNoRangeIsSaidSo) {
  for (const char* range :
       {"latest", "1.2.3.4", ">", ">=", "^", "1.x.3", "1.2 - 1.4", "^^1", "><1", "1,2", "01.2", "^1.2.3-"})
    EXPECT_EQ(inRange(version("1.0.0"), range), std::nullopt) << range;
}

}  // namespace
}  // namespace regesta

#include "base/pattern.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/work.h"

namespace regesta {
namespace {

std::string refusal(std::string_view expression) {
  try {
    Pattern unused(expression);
  } catch (const Error& e) {
    EXPECT_EQ(e.code, Code::invalid);
    return e.message;
  }
  return "";
}

TEST(Pattern, IsFoundAnywhere) {
  EXPECT_TRUE(Pattern("ris[kc]").isIn("loan-risk"));
  EXPECT_FALSE(Pattern("^risk").isIn("loan-risk"));
  EXPECT_TRUE(Pattern("(?i)RISK$").isIn("loan-risk"));
  EXPECT_TRUE(Pattern("^\\w+-\\d{2}$").isIn("größe-42"));
  EXPECT_TRUE(Pattern("").isIn(""));
}

TEST(Pattern, TakesALoneBraceAsItself) {
  EXPECT_TRUE(Pattern("{\"a\":").isIn(R"({"a":1})"));
  EXPECT_TRUE(Pattern("x{2,}y{1}").isIn("xxxy"));
  EXPECT_TRUE(Pattern("\\p{Greek}").isIn("λ"));
  EXPECT_FALSE(Pattern("a\\{2}").isIn("aa"));
}

TEST(Pattern, SaysWhatItCannotDo) {
  EXPECT_NE(refusal("(a)\\1").find("backreferences are not supported"), std::string::npos);
  EXPECT_NE(refusal("a(?=b)").find("look-around"), std::string::npos);
  EXPECT_NE(refusal("(a").find("unclosed group"), std::string::npos);
  EXPECT_NE(refusal("(x{1000}){1000}").find("too large"), std::string::npos);
  EXPECT_NE(refusal(std::string(2000, 'a')).find("longer than"), std::string::npos);
  EXPECT_NE(refusal(std::string(500, '(') + std::string(500, ')')).size(), 0u);
  EXPECT_NE(refusal("a\xff").size(), 0u);
}

TEST(Pattern, HostileOnesTakeNoLongTime) {
  std::string text(64 * 1024, 'a');
  auto before = std::chrono::steady_clock::now();
  for (const char* expression : {"(a*)*b", "(a|aa)+$b", "(.*)*\\d", "(a|b)*a(a|b){200}c", "(x+x+)+y"})
    EXPECT_FALSE(Pattern(expression).isIn(text)) << expression;
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(30));
}

TEST(Pattern, StopsWithTheWorkItIsPartOf) {
  Cancellation cancellation;
  WorkScope scope({.cancellation = &cancellation});
  Pattern pattern("a");
  EXPECT_TRUE(pattern.isIn("a"));
  cancellation.cancel();
  EXPECT_THROW(pattern.isIn("a"), Error);
  EXPECT_TRUE(cancellation.observed());
}

}  // namespace
}  // namespace regesta

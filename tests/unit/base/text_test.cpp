#include "base/text.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>

namespace regesta {
namespace {

TEST(Utf8, TakesEveryWellFormedSequence) {
  for (const char* text : {"", "plain", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
                           "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "Zürich 東京 🏦"})
    EXPECT_TRUE(isUtf8(text)) << text;
  EXPECT_TRUE(isUtf8(std::string_view("\0", 1)));
}

TEST(Utf8, RefusesOverlongSurrogatesTooLargeAndTruncated) {
  for (const char* text :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xED\xBF\xBF", "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFE", "\xFF", "\xC2", "\xE1\x80", "\xF1\x80\x80", "\xC2\x41",
        "\xE1\x80\x41", "abcdefgh\xC2", "abcdefghijklmnop\x80"})
    EXPECT_FALSE(isUtf8(text)) << text;
}

// Every two- and three-byte string against the definition.
TEST(Utf8, AgreesWithTheDefinitionOnEveryShortString) {
  auto decodes = [](std::string_view s) {  // RFC 3629, section 4, as its grammar
    auto tail = [](unsigned char c) { return c >= 0x80 && c <= 0xBF; };
    std::size_t i = 0;
    while (i < s.size()) {
      auto at = [&](std::size_t k) { return i + k < s.size() ? static_cast<unsigned char>(s[i + k]) : 0U; };
      unsigned a = at(0), b = at(1), c = at(2);
      if (a <= 0x7F)
        i += 1;
      else if (a >= 0xC2 && a <= 0xDF && tail(static_cast<unsigned char>(b)))
        i += 2;
      else if (((a == 0xE0 && b >= 0xA0 && b <= 0xBF) || (a == 0xED && b >= 0x80 && b <= 0x9F) ||
                (((a >= 0xE1 && a <= 0xEC) || a == 0xEE || a == 0xEF) && tail(static_cast<unsigned char>(b)))) &&
               tail(static_cast<unsigned char>(c)))
        i += 3;
      else
        return false;
    }
    return true;
  };
  std::size_t wrong = 0;
  char text[3];
  for (int a = 0; a < 256; ++a)
    for (int b = 0; b < 256; ++b) {
      text[0] = static_cast<char>(a), text[1] = static_cast<char>(b);
      wrong += isUtf8({text, 2}) != decodes({text, 2});
      for (int c = 0; c < 256; c += 5) {
        text[2] = static_cast<char>(c);
        wrong += isUtf8({text, 3}) != decodes({text, 3});
      }
    }
  EXPECT_EQ(wrong, 0U);
}

TEST(Like, FollowsSql) {
  struct {
    const char *text, *pattern;
    bool exact, folded;
  } cases[] = {{"risk", "risk", true, true},
               {"Risk", "risk", false, true},
               {"loan-risk", "%risk", true, true},
               {"loan-risk", "loan%", true, true},
               {"loan-risk", "%an-r%", true, true},
               {"loan-risk", "loan", false, false},
               {"abc", "a_c", true, true},
               {"ac", "a_c", false, false},
               {"", "%", true, true},
               {"", "", true, true},
               {"", "_", false, false},
               {"a", "", false, false},
               {"aab", "%ab", true, true},
               {"abab", "%ab%ab%", true, true},
               {"aXbXc", "a%X%c", true, true},
               {"é", "_", true, true},
               {"🏦x", "_x", true, true},
               {"é", "__", false, false},
               {"100%", "100\\%", false, false},
               {"a%b", "a%b", true, true}};
  for (const auto& one : cases) {
    EXPECT_EQ(like(one.text, one.pattern, false), one.exact) << one.text << " LIKE " << one.pattern;
    EXPECT_EQ(like(one.text, one.pattern, true), one.folded) << one.text << " ILIKE " << one.pattern;
  }
}

TEST(Like, HostilePatternsTakeNoLongTime) {
  std::string text(20'000, 'a'), pattern;
  for (int i = 0; i < 2'000; ++i) pattern += "a%";
  pattern += "b";
  auto before = std::chrono::steady_clock::now();
  EXPECT_FALSE(like(text, pattern, true));
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(60));
}

/// The two ways to match must agree: patterns this small go back, and with a long end they do not.
TEST(Like, LongTextsMatchAsShortOnesDo) {
  const std::string tail(300, 'z');  // makes the product of the lengths large
  const char* pieces[] = {"a", "b", "%", "_", "é", "ab", "A"};
  std::uint32_t random = 7;
  auto next = [&](std::uint32_t below) { return (random = random * 1664525 + 1013904223) / 65536 % below; };
  for (int i = 0; i < 3000; ++i) {
    std::string text, pattern;
    for (std::uint32_t n = next(8); n > 0; --n) text += std::array{"a", "b", "é", "A"}[next(4)];
    for (std::uint32_t n = next(8); n > 0; --n) pattern += pieces[next(7)];
    for (bool fold : {false, true}) {
      bool small = like(text, pattern, fold);
      EXPECT_EQ(like(text + tail, pattern + tail, fold), small) << text << " LIKE " << pattern;
      EXPECT_EQ(like(tail + text, tail + pattern, fold), small) << text << " LIKE " << pattern;
    }
  }
}

TEST(Like, NoPatternTakesTheProductOfBothLengths) {
  std::string text(100'000, 'a'), half(50'000, 'a');
  auto before = std::chrono::steady_clock::now();
  EXPECT_FALSE(like(text, "%" + half + "ab%", false));
  EXPECT_FALSE(like(text, "%" + half + "_b%", true));
  EXPECT_TRUE(like(text, "%" + half + "%" + half, false));
  EXPECT_FALSE(like(text, "%" + half + "%" + half + "%a", false));
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(100));
}

TEST(Nearest, LongWordsAreNotCompared) {
  std::string word(1'000'000, 'a');
  EXPECT_EQ(nearest(word, {word}), std::nullopt);
  EXPECT_EQ(nearest("prodction", {"staging", "production"}), "production");
}

TEST(Glob, MatchesNames) {
  EXPECT_TRUE(globMatch("*", ""));
  EXPECT_TRUE(globMatch("loan-*", "loan-risk"));
  EXPECT_TRUE(globMatch("*-risk", "loan-risk"));
  EXPECT_TRUE(globMatch("l??n*", "loan-risk"));
  EXPECT_TRUE(globMatch("100%_", "100%_"));
  EXPECT_FALSE(globMatch("100%", "100x"));
  EXPECT_FALSE(globMatch("loan-*", "Loan-risk"));
  EXPECT_FALSE(globMatch("", "x"));
  EXPECT_FALSE(globMatch("a*b*c", "acb"));
}

TEST(Numbers, AreReadWholeOrNotAtAll) {
  EXPECT_EQ(parseInteger("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(parseInteger("9223372036854775807"), std::numeric_limits<std::int64_t>::max());
  for (const char* text : {"", " 1", "1 ", "+1", "9223372036854775808", "1.0", "0x10", "1e3", "--1"})
    EXPECT_EQ(parseInteger(text), std::nullopt) << text;
  EXPECT_EQ(parseDouble("2.5e-3"), 0.0025);
  for (const char* text : {"", " 1", "1x", "1,5", "0x1p3"}) EXPECT_EQ(parseDouble(text), std::nullopt) << text;
}

TEST(Text, SplitsTrimsJoinsAndShortens) {
  EXPECT_EQ(split("a,,b,", ','), (std::vector<std::string_view>{"a", "", "b", ""}));
  EXPECT_EQ(split("", ','), (std::vector<std::string_view>{""}));
  EXPECT_EQ(trim(" \t a b \r\n"), "a b");
  EXPECT_EQ(trim(" \n "), "");
  EXPECT_EQ(join({"a", "b", "c"}, ", "), "a, b, c");
  EXPECT_EQ(join({"same", "same"}, "-"), "same-same");
  EXPECT_EQ(lower("ÄBC"), "Äbc");
  EXPECT_TRUE(equalsIgnoreCase("Content-Type", "content-type"));
  EXPECT_FALSE(equalsIgnoreCase("a", "ab"));
  EXPECT_EQ(shorten("short", 5), "short");
  EXPECT_EQ(shorten("longer", 5), "longe…");
  EXPECT_EQ(shorten("aé", 2), "a…");  // never half a character
}

TEST(Text, FindsTheNearestWord) {
  std::vector<std::string> words = {"promote", "policy", "prompt", "rollback"};
  EXPECT_EQ(nearest("promot", words), "promote");
  EXPECT_EQ(nearest("polcy", words), "policy");
  EXPECT_EQ(nearest("rolback", words), "rollback");
  EXPECT_EQ(nearest("zzzzzz", words), std::nullopt);
  EXPECT_EQ(nearest("x", {}), std::nullopt);
}

}  // namespace
}  // namespace regesta

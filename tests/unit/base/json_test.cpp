#include "base/json.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "base/encoding.h"
#include "base/error.h"

namespace regesta {
namespace {

std::string canonical(std::string_view text) { return canonicalJson(parseJson(text)); }

// RFC 8785, section 3.2.2: its example and its expected bytes.
TEST(CanonicalJson, TheExampleOfTheRfc) {
  std::string given = R"({
    "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
    "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
    "literals": [null, true, false]
  })";
  EXPECT_EQ(hexEncode(canonical(given)),
            "7b226c69746572616c73223a5b6e756c6c2c747275652c66616c73655d2c226e756d62657273223a5b3333333333333333332e3333"
            "33333333332c"
            "31652b33302c342e352c302e3030322c31652d32375d2c22737472696e67223a22e282ac245c75303030665c6e4127425c225c5c5c"
            "5c5c222f227d");
}

// RFC 8785, section 3.2.3: names sort by UTF-16 code units, so the emoji stands before U+FB33.
TEST(CanonicalJson, NamesSortByUtf16) {
  std::string given =
      R"({"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One",)"
      R"("\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"})";
  EXPECT_EQ(
      canonical(given),
      "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xC2\x80\":\"Control\",\"ö\":\"Latin Small Letter O With "
      "Diaeresis\","
      "\"€\":\"Euro Sign\",\"😀\":\"Emoji: Grinning Face\",\"\xEF\xAC\xB3\":\"Hebrew Letter Dalet With Dagesh\"}");
}

TEST(CanonicalJson, SortsPrefixesAndEveryPlaneRight) {
  EXPECT_EQ(canonical(R"({"ab":1,"a":2,"":3})"), R"({"":3,"a":2,"ab":1})");
  // U+D7FF < surrogates of U+10000 < U+E000 < U+FFFD in UTF-16.
  EXPECT_EQ(canonical("{\"\uFFFD\":1,\"\U00010000\":2,\"\uE000\":3,\"\uD7FF\":4}"),
            "{\"\uD7FF\":4,\"\U00010000\":2,\"\uE000\":3,\"\uFFFD\":1}");
  EXPECT_EQ(canonical("{\"x\U0010FFFF\":1,\"x\U00010000\":2}"), "{\"x\U00010000\":2,\"x\U0010FFFF\":1}");
}

// RFC 8785, appendix B: IEEE 754 bits and their text.
TEST(CanonicalJson, NumbersOfAppendixB) {
  const std::pair<std::uint64_t, const char*> samples[] = {
      {0x0000000000000000, "0"},
      {0x8000000000000000, "0"},
      {0x0000000000000001, "5e-324"},
      {0x8000000000000001, "-5e-324"},
      {0x7fefffffffffffff, "1.7976931348623157e+308"},
      {0xffefffffffffffff, "-1.7976931348623157e+308"},
      {0x4340000000000000, "9007199254740992"},
      {0xc340000000000000, "-9007199254740992"},
      {0x4430000000000000, "295147905179352830000"},
      {0x44b52d02c7e14af5, "9.999999999999997e+22"},
      {0x44b52d02c7e14af6, "1e+23"},
      {0x44b52d02c7e14af7, "1.0000000000000001e+23"},
      {0x444b1ae4d6e2ef4e, "999999999999999700000"},
      {0x444b1ae4d6e2ef4f, "999999999999999900000"},
      {0x444b1ae4d6e2ef50, "1e+21"},
      {0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
      {0x3eb0c6f7a0b5ed8d, "0.000001"},
      {0x41b3de4355555553, "333333333.3333332"},
      {0x41b3de4355555554, "333333333.33333325"},
      {0x41b3de4355555555, "333333333.3333333"},
      {0x41b3de4355555556, "333333333.3333334"},
      {0x41b3de4355555557, "333333333.33333343"},
      {0xbecbf647612f3696, "-0.0000033333333333333333"},
      {0x43143ff3c1cb0959, "1424953923781206.2"},
  };
  for (const auto& [bits, text] : samples) EXPECT_EQ(canonicalJson(json::value(std::bit_cast<double>(bits))), text);
  EXPECT_THROW(canonicalJson(json::value(std::numeric_limits<double>::quiet_NaN())), Error);
  EXPECT_THROW(canonicalJson(json::value(std::numeric_limits<double>::infinity())), Error);
}

TEST(CanonicalJson, WholeNumbersAreWrittenInFull) {
  EXPECT_EQ(canonical("[9223372036854775807,-9223372036854775808,18446744073709551615,9007199254740993]"),
            "[9223372036854775807,-9223372036854775808,18446744073709551615,9007199254740993]");
  EXPECT_EQ(canonical("[-0, 0, -0.0, 1.0, 100]"), "[0,0,0,1,100]");
}

TEST(CanonicalJson, IsAFixedPoint) {
  for (const char* text : {R"({"b":[1,{"d":null,"c":"\u0000\u001f"}],"a":-1.5e-9})", "[]", "{}", "\"\\ud83d\\ude00\"",
                           "12345678901234567890123"}) {
    std::string once = canonical(text);
    EXPECT_EQ(canonical(once), once);
  }
}

TEST(Json, ParsesOnlyWhatIsJson) {
  EXPECT_EQ(parseJson(" {\"a\": [1, 2.5, \"x\", null, true]} ").at("a").as_array().size(), 5U);
  for (std::string text : {"",       " ",        "{",           "[1,]",    "{\"a\":1,}",     "nan",
                           "NaN",    "Infinity", "-Infinity",   "// c\n1", "/* c */1",       "'a'",
                           "01",     "1.",       ".5",          "+1",      "[1] 2",          "{\"a\" 1}",
                           "\"\t\"", "\"\\x\"",  "\"\\ud800\"", "tru",     "\xEF\xBB\xBF{}", "[1",
                           "\"abc"})
    EXPECT_THROW(parseJson(text), Error) << text;
  EXPECT_THROW(parseJson("\"\xff\""), Error);
  EXPECT_THROW(parseJson("\"\xed\xa0\x80\""), Error);
  EXPECT_THROW(parseJson(std::string_view("1\0", 2)), Error);
}

TEST(Json, NestingIsLimited) {
  auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_NO_THROW(parseJson(nested(60)));
  EXPECT_THROW(parseJson(nested(65)), Error);
  EXPECT_THROW(parseJson(std::string(1'000'000, '[')), Error);
}

TEST(Json, ErrorsSayWhere) {
  try {
    parseJson("{\"a\": nope}");
    FAIL();
  } catch (const Error& failure) {
    EXPECT_EQ(failure.code, Code::invalid);
    EXPECT_NE(failure.message.find("near byte"), std::string::npos) << failure.message;
  }
}

TEST(JsonWriter, WritesCommasAndBracketsWhereTheyBelong) {
  std::string out;
  JsonWriter w(out);
  w.object().key("a").array().number(1).real(2.5).text("x\"\n\x01").end();
  w.key("b").object().end().key("c").array().end().key("d").raw("[0]").key("e").null().key("f").boolean(false).end();
  EXPECT_EQ(out, R"({"a":[1,2.5,"x\"\n\u0001"],"b":{},"c":[],"d":[0],"e":null,"f":false})");
}

TEST(JsonWriter, DoublesReadBackAndStayDoubles) {
  auto shown = [](double value) {
    std::string out;
    appendJsonDouble(out, value);
    return out;
  };
  EXPECT_EQ(shown(1), "1.0");
  EXPECT_EQ(shown(0.1), "0.1");
  EXPECT_EQ(shown(-0.0), "-0.0");
  EXPECT_EQ(shown(1e300), "1e+300");
  EXPECT_EQ(shown(std::nan("")), "\"NaN\"");
  EXPECT_EQ(shown(-std::numeric_limits<double>::infinity()), "\"-Infinity\"");
  for (double value : {0.1, 1.0 / 3, 5e-324, 1.7976931348623157e308, 123456789012345680.0})
    EXPECT_EQ(parseJson(shown(value)).as_double(), value);
}

}  // namespace
}  // namespace regesta

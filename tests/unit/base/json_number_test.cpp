// Numbers must come back as they were sent: a metric is evidence.
#include <bit>
#include <random>

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/json.h"

namespace regesta {
namespace {

double parsed(std::string_view text) { return parseJson(text).to_number<double>(); }

std::string written(double value) {
  std::string out;
  appendJsonDouble(out, value);
  return out;
}

TEST(JsonNumber, valuesThatBoostRoundsWrongly) {
  EXPECT_EQ(parsed("0.37187685236960555"), 0.37187685236960555);
  EXPECT_EQ(parsed("1.7976931348623157e308"), 1.7976931348623157e308);
  EXPECT_EQ(parsed("5e-324"), 5e-324);
  EXPECT_EQ(parsed("-0.0"), 0.0);
  EXPECT_TRUE(std::signbit(parsed("-0.0")));
  EXPECT_EQ(parseJson("9223372036854775807").as_int64(), INT64_MAX);
  EXPECT_EQ(parseJson("18446744073709551615").as_uint64(), UINT64_MAX);
}

TEST(JsonNumber, everyDoubleSurvivesWritingAndReading) {
  std::mt19937_64 random(4600);
  for (int i = 0; i < 200'000; ++i) {
    double value = std::bit_cast<double>(random());
    if (!std::isfinite(value)) continue;
    ASSERT_EQ(std::bit_cast<std::uint64_t>(parsed(written(value))), std::bit_cast<std::uint64_t>(value))
        << written(value);
  }
}

TEST(JsonNumber, refusesWhatIsNoJson) {
  for (std::string_view text : {"NaN", "Infinity", "+1", "01", "1.", ".5", "1e", "0x1", "1 2", "", "tru", "[1,]",
                                "{\"a\":1,}", "\"\xff\"", "[1"})
    EXPECT_THROW(parseJson(text), Error) << text;
}

TEST(JsonNumber, keepsKeyOrderNestingAndEscapes) {
  std::string_view text = R"({"b":[1,{"c":null},"x\n\u00e9"],"a":true})";
  EXPECT_EQ(json::serialize(parseJson(text)), "{\"b\":[1,{\"c\":null},\"x\\n\u00e9\"],\"a\":true}");
}

}  // namespace
}  // namespace regesta

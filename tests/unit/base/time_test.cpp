#include "base/time.h"

#include <gtest/gtest.h>

namespace regesta {
namespace {

TEST(Time, WritesRfc3339) {
  EXPECT_EQ(formatTime(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(formatTime(1'795'573'512'345), "2026-11-25T02:25:12.345Z");
  EXPECT_EQ(formatTime(-1), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(formatTime(951'782'400'000), "2000-02-29T00:00:00.000Z");
  EXPECT_EQ(formatTime(253'402'300'799'999), "9999-12-31T23:59:59.999Z");
}

// The examples of RFC 3339, section 5.8, and similar cases.
TEST(Time, ReadsRfc3339) {
  EXPECT_EQ(parseTime("1985-04-12T23:20:50.52Z"), 482'196'050'520);
  EXPECT_EQ(parseTime("1996-12-19T16:39:57-08:00"), 851'042'397'000);
  EXPECT_EQ(parseTime("1996-12-20T00:39:57Z"), parseTime("1996-12-19T16:39:57-08:00"));
  EXPECT_EQ(parseTime("1990-12-31T23:59:60Z"), 662'688'000'000);  // a leap second is the next second
  EXPECT_EQ(parseTime("1937-01-01T12:00:27.87+00:20"), -1'041'337'172'130);
  EXPECT_EQ(parseTime("2026-11-25T02:25:12.345999999Z"), 1'795'573'512'345);
  EXPECT_EQ(parseTime("2026-11-25 02:25:12Z"), 1'795'573'512'000);
  EXPECT_EQ(parseTime("2026-11-25t02:25:12z"), 1'795'573'512'000);
  EXPECT_EQ(parseTime("1969-12-31T23:59:59.999Z"), -1);
}

TEST(Time, RefusesWhatIsNoMoment) {
  for (const char* text :
       {"", "2026-11-25", "2026-11-25T02:25:12", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-00-10T00:00:00Z",
        "2026-01-32T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:61Z",
        "2026-1-01T00:00:00Z", "2026-01-01T00:00:00+0100", "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00Zx", "2026-01-01T00.00.00Z", "2026-01-01T00:00-00Z", " 2026-01-01T00:00:00Z",
        "٢٠٢٦-01-01T00:00:00Z"})
    EXPECT_EQ(parseTime(text), std::nullopt) << text;
}

TEST(Time, RoundTrips) {
  for (std::int64_t day = -30'000; day < 60'000; day += 997) {
    std::int64_t millis = day * 86'400'000 + 45'296'789;
    EXPECT_EQ(parseTime(formatTime(millis)), millis);
  }
}

TEST(Time, TheSteadyClockNeverRunsBack) {
  std::int64_t last = 0;
  for (int i = 0; i < 10'000; ++i) {
    std::int64_t now = steadyNowMicros();
    ASSERT_GE(now, last);
    last = now;
  }
}

}  // namespace
}  // namespace regesta

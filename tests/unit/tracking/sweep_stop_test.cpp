#include "tracking/sweep_stop.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace regesta::tracking {
namespace {

EarlyStop stopOf(std::string_view text) { return *readEarlyStop({{"early_terminate", parseJson(text)}}); }

TEST(SweepStop, TheBandsFollowFromTheConfiguration) {
  using Bands = std::vector<std::int64_t>;
  EXPECT_EQ(stopOf(R"({"type":"hyperband","max_iter":27,"s":2})").bands, (Bands{3, 9}));
  EXPECT_EQ(stopOf(R"({"type":"hyperband","max_iter":5,"s":2,"eta":2})").bands, (Bands{1, 2}));
  EXPECT_EQ(stopOf(R"({"type":"hyperband","max_iter":8,"s":9,"eta":2})").bands, (Bands{1, 2, 4}));
  Bands growing = stopOf(R"({"type":"hyperband","min_iter":3})").bands;
  EXPECT_EQ(Bands(growing.begin(), growing.begin() + 3), (Bands{3, 9, 27}));
  EXPECT_FALSE(readEarlyStop({}));
  for (std::string_view wrong :
       {R"({"type":"median"})", R"({"type":"hyperband"})", R"({"type":"hyperband","max_iter":9})",
        R"({"type":"hyperband","max_iter":2,"s":1})", R"({"type":"hyperband","min_iter":0})",
        R"({"type":"hyperband","min_iter":"x"})", R"({"type":"hyperband","min_iter":1,"eta":1})"})
    EXPECT_THROW(stopOf(wrong), Invalid) << wrong;
}

/// The example in the description of W&B's own sweeps library.
TEST(SweepStop, WhoIsBehindAtTheLastBandPassedEnds) {
  EarlyStop stop{{1, 2}, 2};
  Curve a{10, 9}, b{10, 10}, c{10, 8, 8}, d{10, 7, 7}, e{10, 6, 6};
  std::vector<Curve> all{a, b, c, d, e};
  EXPECT_TRUE(isBehind(stop, false, b, all));
  EXPECT_TRUE(isBehind(stop, false, c, all)) << "it passed the first band, not the second";
  EXPECT_FALSE(isBehind(stop, false, d, all));
  EXPECT_FALSE(isBehind(stop, false, e, all));
  EXPECT_FALSE(isBehind(stop, false, {10}, all)) << "too early to say";
  EXPECT_FALSE(isBehind(stop, true, b, all)) << "the most is best";
  EXPECT_TRUE(isBehind(stop, true, e, all));
}

TEST(SweepStop, AnOnlyRunIsNotBehind) { EXPECT_FALSE(isBehind({{1}, 3}, false, {5, 5}, {{5, 5}})); }

}  // namespace
}  // namespace regesta::tracking

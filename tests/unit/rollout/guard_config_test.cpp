#include "rollout/guard_config.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace regesta::rollout {
namespace {

std::vector<GuardConfig> parsed(std::string_view text, std::size_t arms = 1) {
  json::value value = parseJson(text);
  return parseGuards(value.as_array(), arms);
}

std::string problem(std::string_view text) {
  try {
    parsed(text);
  } catch (const Invalid& invalid) {
    return fmt::format("{} {}", invalid.field, invalid.rule);
  }
  return "none";
}

TEST(GuardConfig, NeedsAMetricAndHasDefaults) {
  GuardConfig guard = parsed(R"([{"metric":"helpfulness"}])").front();
  EXPECT_EQ(guard.name, "helpfulness");
  EXPECT_EQ(guard.role, GuardConfig::Role::guardrail);
  EXPECT_EQ(guard.onBreach, GuardConfig::OnBreach::rollback);
  EXPECT_EQ(guard.alpha, 0.05);
  EXPECT_EQ(guard.margin, 0.02);
  EXPECT_FALSE(guard.clip);
  EXPECT_EQ(problem(R"([{}])"), "guards[0].metric is required");
}

TEST(GuardConfig, ASignalPausesAndNeverRollsBack) {
  EXPECT_EQ(parsed(R"([{"metric":"x","role":"signal"}])").front().onBreach, GuardConfig::OnBreach::pause);
  EXPECT_EQ(problem(R"([{"metric":"x","role":"signal","on_breach":"rollback"}])"),
            "guards[0].on_breach must be pause or notify for a signal; only a guardrail rolls back");
}

TEST(GuardConfig, MapsEveryMetricToOneScale) {
  GuardConfig rating = parsed(R"([{"metric":"rating","min":1,"max":5}])").front();
  EXPECT_EQ(rating.mapped(1), 0);
  EXPECT_EQ(rating.mapped(4), 0.75);
  EXPECT_FALSE(rating.inRange(6));
  GuardConfig latency = parsed(R"([{"metric":"latency_ms","direction":"lower","max":2000}])").front();
  EXPECT_EQ(latency.mapped(500), 0.75);
  EXPECT_EQ(latency.mapped(9000), 0);
  EXPECT_TRUE(latency.inRange(9000));  // a latency has no natural end
  GuardConfig error = parsed(R"([{"metric":"error","direction":"lower"}])").front();
  EXPECT_FALSE(error.inRange(2));  // a rate has
}

TEST(GuardConfig, GuardrailsShareTheFalseAlarms) {
  std::vector<GuardConfig> guards =
      parsed(R"([{"metric":"a"},{"metric":"b"},{"metric":"c","alpha":0.01},{"metric":"d","role":"signal"}])");
  EXPECT_EQ(guards[0].alpha, 0.025);
  EXPECT_EQ(guards[1].alpha, 0.025);
  EXPECT_EQ(guards[2].alpha, 0.01);
  EXPECT_EQ(guards[3].alpha, 0.05);
  EXPECT_EQ(parsed(R"([{"metric":"a"}])", 2).front().alpha, 0.025);
}

TEST(GuardConfig, NamesWhatIsWrong) {
  EXPECT_EQ(problem(R"([{"metric":"a"},{"metric":"a"}])"), "guards[1].name must differ from the other guards' names");
  EXPECT_EQ(problem(R"([{"metric":"a","margin":0.9}])"), "guards[0].margin must be from 0 to 0.5");
  EXPECT_EQ(problem(R"([{"metric":"a","min":3,"max":3}])"), "guards[0].max must be above min");
  EXPECT_EQ(problem(R"([{"metric":"a","alpha":0}])"), "guards[0].alpha must be from 1e-09 to 0.5");
  EXPECT_EQ(problem(R"([{"metric":"a","on_breach":"explode"}])"),
            "guards[0].on_breach must be rollback or pause or notify");
  EXPECT_EQ(problem(R"([{"metric":"a","magrin":0.1}])"), "guards[0].magrin is unknown; did you mean \"margin\"?");
  EXPECT_EQ(problem(R"([{"metric":"a","on_brech":"pause"}])"),
            "guards[0].on_brech is unknown; did you mean \"on_breach\"?");
  EXPECT_EQ(problem(R"([7])"), "guards[0] must be an object");
  EXPECT_EQ(problem(R"([{"metric":["a"]}])"), "guards[0].metric must be a string");
}

TEST(GuardConfig, WritesWhatItWouldReadAgain) {
  GuardConfig guard =
      parsed(R"([{"metric":"latency_ms","direction":"lower","max":800,"cooldown_seconds":60,"advance":"early"}])")
          .front();
  json::array written{guard.toJson()};
  EXPECT_EQ(parseGuards(written, 1).front().toJson(), guard.toJson());
}

}  // namespace
}  // namespace regesta::rollout

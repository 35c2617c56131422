#include "rollout/choose.h"

#include <gtest/gtest.h>

#include <map>

#include "base/error.h"

namespace regesta::rollout {
namespace {

registry::Rollout rollout(std::string_view plan, std::int64_t step = 0) {
  registry::Rollout made;
  made.id = 1;
  made.stable = 3;
  made.plan = registry::parsePlan(plan);
  made.step = step;
  made.salt = "5eed";
  return made;
}

std::string key(int i) { return "user-" + std::to_string(i); }

TEST(Choose, withoutAKeyItIsTheStableVersion) {
  Chooser chooser(rollout(R"({"arms":[{"name":"candidate","version":4}],"steps":[{"weight":100}]})"));
  Choice choice = chooser.choose({});
  EXPECT_EQ(choice.version, 3);
  EXPECT_EQ(choice.variant, "stable");
  EXPECT_EQ(choice.reason, Choice::Reason::fixed);
  EXPECT_EQ(chooser.choose({.key = "anna"}).version, 4);
}

TEST(Choose, sharesAreWhatTheStepSays) {
  Chooser chooser(rollout(R"({"arms":[{"name":"candidate","version":4}],"steps":[{"weight":10},{"weight":12.5}]})"));
  int candidates = 0;
  for (int i = 0; i < 20'000; ++i) candidates += chooser.choose({.key = key(i)}).version == 4;
  EXPECT_NEAR(candidates, 2000, 200);
  EXPECT_EQ(chooser.rollout().share(), 1000);
}

TEST(Choose, noKeyFlipsWhileSharesGrow) {
  std::string plan =
      R"({"arms":[{"name":"a","version":4,"weight":1},{"name":"b","version":5,"weight":2}],"steps":[)"
      R"({"weight":0.5},{"weight":3},{"weight":10},{"weight":33.33},{"weight":50},{"weight":99.99},{"weight":100}]})";
  std::map<std::string, std::int64_t> before;
  std::map<std::int64_t, int> served;
  for (std::int64_t step = 0; step < 7; ++step) {
    Chooser chooser(rollout(plan, step));
    served.clear();
    for (int i = 0; i < 5000; ++i) {
      std::int64_t version = chooser.choose({.key = key(i)}).version;
      ++served[version];
      std::int64_t& known = before[key(i)];
      if (known != 0 && known != 3) {
        ASSERT_EQ(version, known) << key(i) << " at step " << step;
      }
      known = version;
    }
  }
  EXPECT_EQ(served[3], 0);
  EXPECT_NEAR(served[4], 1667, 150);
  EXPECT_NEAR(served[5], 3333, 150);
}

TEST(Choose, bucketsOfLabelsAreTheHundredths) {
  Chooser chooser(rollout(R"({"arms":[{"name":"candidate","version":4}],"steps":[{"weight":17}]})"));
  EXPECT_EQ(chooser.choose({.bucket = 0}).version, 4);
  EXPECT_EQ(chooser.choose({.bucket = 16}).version, 4);
  EXPECT_EQ(chooser.choose({.bucket = 17}).version, 3);
  EXPECT_EQ(chooser.choose({.bucket = 99}).version, 3);
}

TEST(Choose, holdbackStaysStableToTheEnd) {
  Chooser chooser(rollout(R"({"arms":[{"name":"candidate","version":4}],"steps":[{"weight":100}],"holdback":5})"));
  EXPECT_EQ(chooser.rollout().share(), 9500);
  EXPECT_EQ(chooser.choose({.bucket = 94}).version, 4);
  EXPECT_EQ(chooser.choose({.bucket = 95}).version, 3);
}

TEST(Choose, oddKeysAreKeys) {
  Chooser chooser(rollout(R"({"arms":[{"name":"candidate","version":4}],"steps":[{"weight":50}]})"));
  for (std::string odd : {std::string("\0\xff\xfe", 3), std::string(1 << 20, 'x'), std::string("\n"), std::string(" ")})
    EXPECT_EQ(chooser.choose({.key = odd}).version, chooser.choose({.key = odd}).version);
}

TEST(Choose, theKillSwitchServesEveryoneAtOnce) {
  registry::Rollout killed = rollout(
      R"({"arms":[{"name":"candidate","version":4}],"steps":[{"weight":100}],
          "segments":[{"when":[{"attribute":"tier","operator":"in","values":["gold"]}],"serve":"candidate"}]})");
  killed.forced = 3;
  Chooser chooser(killed);
  EXPECT_EQ(chooser.choose({.key = "anna"}).version, 3);
  EXPECT_EQ(chooser.choose({.key = "anna", .attributes = {{"tier", "gold"}}}).version, 3);
  killed.forced = 4;
  EXPECT_EQ(Chooser(killed).choose({}).version, 4);
  EXPECT_EQ(Chooser(killed).choose({}).variant, "candidate");
}

TEST(Choose, theFirstMatchingSegmentDecides) {
  Chooser chooser(rollout(R"({"arms":[{"name":"candidate","version":4}],"steps":[{"weight":0.01}],"segments":[
      {"name":"staff","when":[{"attribute":"mail","operator":"ends_with","values":["@example.org"]}],"serve":"candidate"},
      {"name":"minors","when":[{"attribute":"age","operator":"lt","values":[18]}],"serve":"stable"},
      {"name":"beta","when":[{"attribute":"app","operator":"semver","values":["^2.1"]},
                             {"attribute":"country","operator":"not_in","values":["US"]}],"weight":100}]})"));
  auto ask = [&](json::object context) { return chooser.choose({.key = "user-1", .attributes = std::move(context)}); };
  EXPECT_EQ(ask({{"mail", "a@example.org"}, {"age", 3}}).version, 4);
  EXPECT_EQ(ask({{"mail", "a@example.org"}}).reason, Choice::Reason::segment);
  EXPECT_EQ(ask({{"age", 17.5}, {"app", "2.3.0"}}).version, 3);
  EXPECT_EQ(ask({{"age", 17.5}}).segment, 1);
  EXPECT_EQ(ask({{"app", "2.3.0"}}).version, 4);
  EXPECT_EQ(ask({{"app", "2.3.0"}, {"country", "US"}}).version, 3);
  EXPECT_EQ(ask({{"app", "3.0.0"}}).version, 3);
  EXPECT_EQ(ask({{"app", 7}}).version, 3);
  EXPECT_EQ(ask({}).reason, Choice::Reason::split);
  // Nobody's key is in no split, but a segment that serves one version needs none.
  EXPECT_EQ(chooser.choose({.attributes = {{"app", "2.3.0"}}}).version, 3);
  EXPECT_EQ(chooser.choose({.attributes = {{"mail", "a@example.org"}}}).version, 4);
}

TEST(Choose, slicesAreFlagdsFractions) {
  auto plan = registry::parsePlan(R"({"arms":[{"name":"a","version":4},{"name":"b","version":5}]})");
  std::vector<Slice> slices = slicesOf(plan, 1000);
  ASSERT_EQ(slices.size(), 4U);
  EXPECT_EQ(slices[0].end, 500);
  EXPECT_EQ(slices[0].arm, 0);
  EXPECT_EQ(slices[1].end, 5000);
  EXPECT_EQ(slices[1].arm, -1);
  EXPECT_EQ(slices[2].end, 5500);
  EXPECT_EQ(slices[2].arm, 1);
  EXPECT_EQ(slices[3].end, 10'000);
  EXPECT_EQ(slicesOf(plan, 0).size(), 2U);
}

struct BadPlan {
  const char *plan, *message;
};
class Plans : public testing::TestWithParam<BadPlan> {};

TEST_P(Plans, sayWhatIsWrongWithThem) {
  try {
    registry::parsePlan(GetParam().plan);
    ADD_FAILURE() << GetParam().plan;
  } catch (const Error& error) {
    EXPECT_NE(error.message.find(GetParam().message), std::string::npos) << error.message;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Bad, Plans,
    testing::Values(
        BadPlan{"[]", "plan"}, BadPlan{"{}", "arms"}, BadPlan{R"({"arms":[]})", "arms"},
        BadPlan{R"({"arms":[{"name":"stable","version":1}]})", "arms[0].name"},
        BadPlan{R"({"arms":[{"name":"a","version":0}]})", "arms[0].version"},
        BadPlan{R"({"arms":[{"name":"a","version":1},{"name":"a","version":2}]})", "arms[1].name"},
        BadPlan{R"({"arms":[{"name":"a","version":1,"weight":0}]})", "arms[0].weight"},
        BadPlan{R"({"arms":[{"name":"a","version":1}],"steps":[{"weight":101}]})", "steps[0].weight"},
        BadPlan{R"({"arms":[{"name":"a","version":1}],"steps":[{"weight":1.005}]})", "steps[0].weight"},
        BadPlan{R"({"arms":[{"name":"a","version":1}],"steps":[{"weight":10},{"weight":10}]})", "steps[1].weight"},
        BadPlan{R"({"arms":[{"name":"a","version":1}],"steps":[{"weight":10,"bake_seconds":-1}]})", "bake_seconds"},
        BadPlan{R"({"arms":[{"name":"a","version":1}],"steps":[{"weight":10,"bake":1}]})", "steps[0].bake"},
        BadPlan{R"({"arms":[{"name":"a","version":1}],"segments":[{"when":[],"serve":"a"}]})", "segments[0].when"},
        BadPlan{R"({"arms":[{"name":"a","version":1}],"segments":[{"when":[{"attribute":"x","operator":"exists"}]}]})",
                "segments[0]"},
        BadPlan{R"({"arms":[{"name":"a","version":1}],"segments":[{"when":[{"attribute":"x","operator":"exists"}],)"
                R"("serve":"b"}]})",
                "segments[0].serve"},
        BadPlan{R"({"arms":[{"name":"a","version":1}],"segments":[{"when":[{"attribute":"x","operator":"like"}],)"
                R"("serve":"a"}]})",
                "operator"},
        BadPlan{R"({"arms":[{"name":"a","version":1}],"segments":[{"when":[{"attribute":"x","operator":"semver",)"
                R"("values":["banana"]}],"serve":"a"}]})",
                "values"},
        BadPlan{R"({"arms":[{"name":"a","version":1}],"holdback":-5})", "holdback"}));

TEST(Plan, readsBackAsItself) {
  std::string text =
      R"({"arms":[{"name":"a","version":4,"weight":3}],"guards":[{"metric":"m"}],"holdback":2.5,"segments":[{"name":"s",)"
      R"("serve":"stable","when":[{"attribute":"x","operator":"in","values":["1",2,true]}]}],)"
      R"("steps":[{"bake_seconds":60,"weight":0.25},{"weight":50}]})";
  EXPECT_EQ(registry::canonicalPlan(registry::parsePlan(text)), text);
}

}  // namespace
}  // namespace regesta::rollout

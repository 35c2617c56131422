#include "api/ofrep/flagd_rules.h"

#include <gtest/gtest.h>

namespace regesta::api::ofrep {
namespace {

registry::Rollout rolloutOf(std::string_view plan) {
  registry::Rollout rollout;
  rollout.plan = registry::parsePlan(plan);
  rollout.salt = "salt.";
  rollout.algorithm = registry::bucketingFlagd;
  return rollout;
}

std::string rules(const registry::Rollout& rollout) {
  std::optional<json::value> targeting = targetingOf(rollout);
  return targeting ? writeJson(*targeting) : "cannot be said";
}

constexpr std::string_view arm = R"("arms":[{"name":"candidate","version":2}])";

TEST(FlagdRules, aShareIsSplitByTheRolloutsOwnSalt) {
  EXPECT_EQ(rules(rolloutOf(fmt::format(R"({{{},"steps":[{{"weight":10}}]}})", arm))),
            R"({"if":[{"var":"targetingKey"},{"fractional":[{"cat":["salt.",{"var":"targetingKey"}]},)"
            R"(["candidate",1000],["stable",9000]]},"stable"]})");
}

TEST(FlagdRules, segmentsComeFirst) {
  std::string said = rules(rolloutOf(fmt::format(
      R"({{{},"steps":[{{"weight":10}}],"segments":[{{"name":"s","when":[{{"attribute":"country","operator":"in",)"
      R"("values":["DE"]}}],"serve":"stable"}}]}})",
      arm)));
  EXPECT_TRUE(said.starts_with(R"({"if":[{"in":[{"var":"country"},["DE"]]},"stable",{"if":[)")) << said;
}

TEST(FlagdRules, theKillSwitchNeedsNoRule) {
  registry::Rollout rollout = rolloutOf(fmt::format(R"({{{},"steps":[{{"weight":10}}]}})", arm));
  rollout.forced = 2;
  EXPECT_EQ(rules(rollout), "null");
}

TEST(FlagdRules, whatTheLanguageLacksIsNotSaidWrongly) {
  for (const char* when : {R"({"attribute":"app","operator":"semver","values":["^2"]})",
                           R"({"attribute":"a.b","operator":"in","values":["x"]})"})
    EXPECT_EQ(rules(rolloutOf(fmt::format(
                  R"({{{},"steps":[{{"weight":10}}],"segments":[{{"name":"s","when":[{}],"serve":"stable"}}]}})", arm,
                  when))),
              "cannot be said");
  registry::Rollout other = rolloutOf(fmt::format(R"({{{},"steps":[{{"weight":10}}]}})", arm));
  other.algorithm = "something-newer";
  EXPECT_EQ(rules(other), "cannot be said");
}

}  // namespace
}  // namespace regesta::api::ofrep

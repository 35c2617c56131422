#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace regesta::registry {

/// Shares are in ten-thousandths, so percentages with two decimals are integers.
inline constexpr std::int64_t wholeShare = 10'000;

/// A version that some keys get instead of the stable one.
struct RolloutArm {
  std::string name;  ///< "candidate" when there is one
  std::int64_t version = 0;
  std::int64_t weight = 1;  ///< against the other arms
};
struct RolloutStep {
  std::int64_t share = 0;       ///< of the keys that get an arm
  std::int64_t bakeMillis = 0;  ///< time before the next step; manualStep: until a user advances it
};
inline constexpr std::int64_t manualStep = -1;

/// "country in [DE, AT]". `attribute` is a member of the caller's context, or targetingKey, which is the key.
struct RolloutCondition {
  std::string attribute;
  std::string op;      ///< in, not_in, starts_with, ends_with, contains, exists, gt, ge, lt, le, semver
  json::array values;  ///< scalars; texts compare by their bytes, numbers as numbers
};
/// Decides if all its conditions hold; later segments are then ignored.
struct RolloutSegment {
  std::string name;
  std::vector<RolloutCondition> when;
  std::string serve;       ///< an arm's name, or "stable"; empty: split by `share`
  std::int64_t share = 0;  ///< of the segment's keys that get an arm, at every step
};

/// What a rollout does, fixed when it starts.
struct RolloutPlan {
  std::vector<RolloutArm> arms;          ///< one (a canary) or several (A/B/n)
  std::vector<RolloutStep> steps;        ///< shares grow from step to step
  std::vector<RolloutSegment> segments;  ///< first match wins; no match: the step's share
  std::int64_t holdback = 0;             ///< share of keys that stay on the stable version even at the last step
  json::array guards;                    ///< defined by rollout/guard_config.h

  const RolloutArm* arm(std::string_view name) const;
};

/// Reads {"arms":[{"name","version","weight"}],"steps":[{"weight","bake_seconds"}],"segments":[{"name","when":
/// [{"attribute","operator","values"}],"serve","weight"}],"holdback","guards"}: weights of steps and segments, and the
/// holdback, are percent. Without steps: 10, 50, 100 with an hour each. A step without bake_seconds is manual.
/// Throws Invalid that names the member ("steps[1].weight") and its rule.
RolloutPlan parsePlan(std::string_view text);
RolloutPlan planOf(const json::value& parsed);
json::object planJson(const RolloutPlan& plan);
/// planJson() in canonical form.
std::string canonicalPlan(const RolloutPlan& plan);

}  // namespace regesta::registry

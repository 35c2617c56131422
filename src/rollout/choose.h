#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "registry/rollout/rollout.h"

namespace regesta::rollout {

/// The caller who resolves a prompt. In a rollout the key decides, deterministically; segments match attributes.
struct EvaluationContext {
  std::string key = {};          ///< user, session or tenant; any bytes; empty: anonymous, gets the stable version
  json::object attributes = {};  ///< OpenFeature's evaluation context without targetingKey
  int bucket = -1;               ///< 0 … 99: overrides the key's bucket (production.b17); -1: none
};

/// A range of the buckets 0 … wholeShare-1 and the arm that is served there.
struct Slice {
  std::int64_t end = 0;  ///< first bucket after it
  int arm = -1;          ///< place in plan.arms; -1: stable
};
/// Divides the buckets while `share` of them get an arm. Each arm has a range in proportion to its weight and fills it
/// from the start, so no key changes its arm while the share grows. One arm: [share, whole].
std::vector<Slice> slicesOf(const registry::RolloutPlan& plan, std::int64_t share);

/// What a rollout serves, and why.
struct Choice {
  enum class Reason { fixed, split, segment } reason = Reason::fixed;
  int arm = -1;      ///< place in plan.arms; -1: stable
  int segment = -1;  ///< place in plan.segments that matched; -1: none
  std::int64_t version = 0;
  std::string_view variant;  ///< "stable" or the arm's name; lives as long as the rollout
};

/// A rollout prepared for choosing. Immutable; choosing allocates only what semver conditions need.
class Chooser {
 public:
  explicit Chooser(registry::Rollout rollout);
  const registry::Rollout& rollout() const { return rollout_; }
  Choice choose(const EvaluationContext& context) const;
  /// Everything that choose() may return: first the choice without a key, then the stable version and the arms, without
  /// a segment and for each segment.
  std::vector<Choice> choices() const;
  std::size_t place(const Choice& choice) const;  ///< in choices()

 private:
  Choice give(int arm, Choice::Reason reason, int segment) const;
  std::int64_t bucketFor(const EvaluationContext& context) const;
  registry::Rollout rollout_;
  std::vector<Slice> slices_;
  std::vector<std::vector<Slice>> segmentSlices_;  ///< empty where a segment serves one variant
};

/// True when every condition of the segment holds for the caller.
bool matches(const registry::RolloutSegment& segment, const EvaluationContext& context);

}  // namespace regesta::rollout

#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "registry/rollout.h"

namespace regesta::delivery {

/// Who asks for a prompt. In a rollout the key decides, always in the same way; segments look at the context.
struct Asker {
  std::string key = {};  ///< user, session, tenant; any bytes; empty: nobody in particular, who gets the stable version
  json::object context = {};  ///< OpenFeature's evaluation context without targetingKey
  int bucket = -1;            ///< 0 … 99: the asker's bucket itself (production.b17), whatever the key
};

/// A stretch of the buckets 0 … wholeShare-1 and who is served there.
struct Slice {
  std::int64_t end = 0;  ///< first bucket behind it
  int arm = -1;          ///< place in plan.arms; -1: stable
};
/// How buckets are shared out while `share` of them get an arm. Each arm owns a stretch in proportion to its weight and
/// fills it from the front, so that no key ever changes its arm while the share grows. One arm: [share, whole].
std::vector<Slice> slicesOf(const registry::RolloutPlan& plan, std::int64_t share);

/// What a rollout serves, and why.
struct Choice {
  enum class Reason { fixed, split, segment } reason = Reason::fixed;
  int arm = -1;      ///< place in plan.arms; -1: stable
  int segment = -1;  ///< place in plan.segments that matched; -1: none
  std::int64_t version = 0;
  std::string_view variant;  ///< "stable" or the arm's name; lives as long as the rollout
};

/// A rollout made ready for choosing. Immutable; choosing allocates nothing but what semver conditions need.
class Chooser {
 public:
  explicit Chooser(registry::Rollout rollout);
  const registry::Rollout& rollout() const { return rollout_; }
  Choice choose(const Asker& asker) const;
  /// Everything that choose() may give: first what everyone gets without a key, then for no segment and for each one
  /// the stable version and the arms.
  std::vector<Choice> choices() const;
  std::size_t place(const Choice& choice) const;  ///< in choices()

 private:
  Choice give(int arm, Choice::Reason reason, int segment) const;
  std::int64_t bucketFor(const Asker& asker) const;
  registry::Rollout rollout_;
  std::vector<Slice> slices_;
  std::vector<std::vector<Slice>> segmentSlices_;  ///< empty where a segment serves one variant
};

/// True when every condition of the segment holds for the asker.
bool matches(const registry::RolloutSegment& segment, const Asker& asker);

}  // namespace regesta::delivery

#include "rollout/choose.h"

#include <algorithm>

#include "rollout/bucket.h"

namespace regesta::rollout {
namespace {

int armAt(const std::vector<Slice>& slices, std::int64_t bucket) {
  for (const Slice& slice : slices)
    if (bucket < slice.end) return slice.arm;
  return -1;
}

int armNamed(const registry::RolloutPlan& plan, std::string_view name) {
  const registry::RolloutArm* arm = plan.arm(name);
  return arm ? static_cast<int>(arm - plan.arms.data()) : -1;
}

}  // namespace

std::vector<Slice> slicesOf(const registry::RolloutPlan& plan, std::int64_t share) {
  std::int64_t weights = 0, before = 0;
  for (const registry::RolloutArm& arm : plan.arms) weights += arm.weight;
  std::vector<Slice> slices;
  std::int64_t begin = 0;
  auto add = [&](std::int64_t end, int arm) {
    if (end > (slices.empty() ? 0 : slices.back().end)) slices.push_back({end, arm});
  };
  for (std::size_t i = 0; i < plan.arms.size(); ++i) {
    before += plan.arms[i].weight;
    std::int64_t end = registry::wholeShare * before / weights;
    add(begin + (end - begin) * share / registry::wholeShare, static_cast<int>(i));
    add(end, -1);
    begin = end;
  }
  return slices;
}

Chooser::Chooser(registry::Rollout rollout) : rollout_(std::move(rollout)) {
  slices_ = slicesOf(rollout_.plan, rollout_.share());
  for (const registry::RolloutSegment& segment : rollout_.plan.segments)
    segmentSlices_.push_back(segment.serve.empty() ? slicesOf(rollout_.plan, segment.share) : std::vector<Slice>());
}

std::int64_t Chooser::bucketFor(const EvaluationContext& context) const {
  if (context.bucket >= 0) return context.bucket * (registry::wholeShare / 100);
  return bucketOf(murmur3(rollout_.salt, context.key), registry::wholeShare);
}

Choice Chooser::give(int arm, Choice::Reason reason, int segment) const {
  if (arm < 0) return {reason, -1, segment, rollout_.stable, "stable"};
  const registry::RolloutArm& served = rollout_.plan.arms[static_cast<std::size_t>(arm)];
  return {reason, arm, segment, served.version, served.name};
}

Choice Chooser::choose(const EvaluationContext& context) const {
  if (rollout_.forced != 0) {
    auto forced = std::ranges::find(rollout_.plan.arms, rollout_.forced, &registry::RolloutArm::version);
    bool stable = forced == rollout_.plan.arms.end();
    return give(stable ? -1 : static_cast<int>(forced - rollout_.plan.arms.begin()), Choice::Reason::fixed, -1);
  }
  bool named = !context.key.empty() || context.bucket >= 0;
  for (std::size_t i = 0; i < rollout_.plan.segments.size(); ++i) {
    const registry::RolloutSegment& segment = rollout_.plan.segments[i];
    if (!matches(segment, context)) continue;
    int place = static_cast<int>(i);
    if (!segment.serve.empty()) return give(armNamed(rollout_.plan, segment.serve), Choice::Reason::segment, place);
    if (!named) return give(-1, Choice::Reason::fixed, place);
    return give(armAt(segmentSlices_[i], bucketFor(context)), Choice::Reason::segment, place);
  }
  if (!named) return give(-1, Choice::Reason::fixed, -1);
  return give(armAt(slices_, bucketFor(context)), Choice::Reason::split, -1);
}

std::vector<Choice> Chooser::choices() const {
  std::vector<Choice> all{choose({})};
  if (rollout_.forced != 0) return all;
  all.front() = give(-1, Choice::Reason::fixed, -1);
  int segments = static_cast<int>(rollout_.plan.segments.size()), arms = static_cast<int>(rollout_.plan.arms.size());
  for (int segment = -1; segment < segments; ++segment)
    for (int arm = -1; arm < arms; ++arm)
      all.push_back(give(arm, segment < 0 ? Choice::Reason::split : Choice::Reason::segment, segment));
  return all;
}

std::size_t Chooser::place(const Choice& choice) const {
  if (choice.reason == Choice::Reason::fixed) return 0;
  std::size_t perSegment = rollout_.plan.arms.size() + 1;
  return 1 + static_cast<std::size_t>(choice.segment + 1) * perSegment + static_cast<std::size_t>(choice.arm + 1);
}

}  // namespace regesta::rollout

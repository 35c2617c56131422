#include "base/error.h"
#include "base/time.h"
#include "rollout/guard.h"
#include "rollout/guard_store.h"
#include "rollout/guard_words.h"

namespace regesta::rollout {
namespace {

constexpr std::size_t rolloutsLookedAt = 100;

std::string missing(const GuardConfig& guard, const registry::RolloutArm& arm, const GuardState& state,
                    std::int64_t now) {
  auto count = static_cast<std::int64_t>(state.candidate.count);
  if (count < guard.minReports)
    return fmt::format("guard '{}' has {} of {} reports about version {}", guard.name, count, guard.minReports,
                       arm.version);
  std::int64_t silent = now - static_cast<std::int64_t>(state.candidateAt);
  if (guard.minReports > 0 && silent > guard.graceMillis)
    return fmt::format("guard '{}' has had no report about version {} for {} s", guard.name, arm.version,
                       silent / 1000);
  return {};
}

GuardState stateIn(const guards::States& states, const GuardConfig& guard, const registry::RolloutArm& arm) {
  auto found = states.find({guard.name, arm.name});
  return found == states.end() ? GuardState() : found->second;
}

bool serveTheSame(const registry::RolloutPlan& plan, const registry::RolloutPlan& other) {
  for (const registry::RolloutArm& arm : plan.arms)
    for (const registry::RolloutArm& before : other.arms)
      if (arm.version == before.version) return true;
  return false;
}

std::int64_t longestCooldown(const registry::RolloutPlan& plan) {
  std::int64_t longest = 0;
  for (const GuardConfig& guard : parseGuards(plan.guards, plan.arms.size()))
    longest = std::max(longest, guard.cooldownMillis);
  return longest;
}

GuardStanding standingOf(const GuardView& view) {
  if (view.state.breachedAt > 0) return GuardStanding::breached;
  if (view.state.unevenAt > 0) return GuardStanding::uneven;
  if (view.state.candidate.count == 0) return GuardStanding::waiting;
  if (view.share >= 1 && view.state.frozen < 0) return GuardStanding::noBaseline;
  return view.share < 1 && view.state.clearlyFine(view.guard) ? GuardStanding::fine : GuardStanding::watching;
}

std::string whyOf(const registry::Rollout& rollout, const GuardView& view) {
  if (view.standing == GuardStanding::waiting)
    return fmt::format("no report about version {} has arrived yet", view.arm.version);
  if (view.standing == GuardStanding::uneven) {
    // While the rollout is held for it, its words stand: counted on, the same fault would have two figures.
    bool held = rollout.hold.starts_with(fmt::format("guard '{}':", view.guard.name)) &&
                rollout.hold.find(fmt::format("version {},", view.arm.version)) != std::string::npos;
    return held ? rollout.hold : guards::unevenText(view.guard, view.arm, view.state);
  }
  if (view.standing == GuardStanding::noBaseline)
    return fmt::format("nobody gets version {} any more, and there are too few reports about it to compare with",
                       rollout.stable);
  std::string numbers = guards::breachText(rollout, view.guard, view.arm, view.state, view.share);
  if (view.standing == GuardStanding::fine)
    return numbers +
           fmt::format("; that it is not worse is clear: E = {:.4g}", guards::evidenceOf(view.state.fine.highest));
  return numbers;
}

}  // namespace

std::string_view standingName(GuardStanding standing) {
  switch (standing) {
    case GuardStanding::waiting:
      return "waiting";
    case GuardStanding::watching:
      return "watching";
    case GuardStanding::fine:
      return "fine";
    case GuardStanding::breached:
      return "breached";
    case GuardStanding::uneven:
      return "uneven";
    case GuardStanding::noBaseline:
      return "no baseline";
  }
  return "";
}

Advice adviceFor(db::Transaction& transaction, const registry::Rollout& rollout, std::int64_t now) {
  Advice advice;
  std::vector<GuardConfig> guards = parseGuards(rollout.plan.guards, rollout.plan.arms.size());
  if (guards.empty()) return advice;
  guards::States states = guards::load(transaction, rollout.id);
  advice.early = true;
  for (const GuardConfig& guard : guards)
    for (const registry::RolloutArm& arm : rollout.plan.arms) {
      GuardState state = stateIn(states, guard, arm);
      std::string why = missing(guard, arm, state, now);
      advice.early = advice.early && guard.advanceEarly && why.empty() && state.clearlyFine(guard);
      if (why.empty() || !guard.holdWithoutData || guard.dryRun) continue;
      if (advice.hold.empty()) advice.hold = why;
      if (guard.maxBakeMillis > 0 && now - rollout.stepSince > guard.maxBakeMillis) advice.pause = true;
    }
  return advice;
}

void requireCooledDown(db::Transaction& transaction, const registry::Asset& asset, std::string_view alias,
                       const registry::RolloutPlan& plan, const registry::Actor& actor, std::int64_t now) {
  if (actor.isPerson()) return;
  for (const registry::Rollout& before : registry::listRollouts(transaction, asset, alias, rolloutsLookedAt)) {
    if (!before.endedByGuard()) continue;
    std::int64_t until = before.endedAt + longestCooldown(before.plan);
    if (now < until && serveTheSame(plan, before.plan))
      throw error(Code::refused,
                  "rollout {} of this version was rolled back by a guard at {}; until {} only a person may start it "
                  "again: {}",
                  before.id, formatTime(before.endedAt), formatTime(until), before.endReason);
  }
}

std::vector<GuardView> viewGuards(db::Transaction& transaction, const registry::Rollout& rollout) {
  std::vector<GuardView> views;
  guards::States states = guards::load(transaction, rollout.id);
  for (const GuardConfig& guard : parseGuards(rollout.plan.guards, rollout.plan.arms.size()))
    for (const registry::RolloutArm& arm : rollout.plan.arms) {
      GuardView view{guard, arm, stateIn(states, guard, arm), shareAgainstStable(rollout, arm), GuardStanding::waiting,
                     ""};
      view.standing = standingOf(view);
      view.why = whyOf(rollout, view);
      views.push_back(std::move(view));
    }
  return views;
}

}  // namespace regesta::rollout

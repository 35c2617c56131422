#include "rollout/guard.h"

#include <algorithm>

#include "base/limits_delivery.h"
#include "rollout/guard_store.h"
#include "rollout/guard_words.h"

namespace regesta::rollout {
namespace {

constexpr double leastBaseline = 30;  // observations of the stable version that its frozen mean must rest on

/// One batch of observations on its way through the guards of one rollout.
class Round {
 public:
  Round(registry::Change& change, db::Dialect dialect, registry::Rollout& rollout,
        const std::vector<GuardConfig>& guards)
      : change_(change), dialect_(dialect), rollout_(rollout), guards_(guards) {}

  void see(const std::vector<Observation>& observations) {
    for (const GuardConfig& guard : guards_)
      if (rollout_.active()) feed(guard, pick(guard, observations));
    if (states_)
      for (const auto& key : touched_)
        guards::save(change_.transaction, rollout_.id, key.first, key.second, states_->at(key));
  }

 private:
  /// What counts as one observation: a report, or the mean of one user's reports in this batch.
  struct Picked {
    std::int64_t version = 0;
    std::string_view unit;
    double sum = 0, count = 0;
    bool firstOfUnit = false;
  };

  std::vector<Picked> pick(const GuardConfig& guard, const std::vector<Observation>& observations) {
    std::vector<Picked> picked;
    std::map<std::pair<std::string_view, std::int64_t>, std::size_t> places;
    std::set<std::string> units;
    for (const Observation& one : observations) {
      if (one.metric != guard.metric || !rollout_.serves(one.version)) continue;
      if (one.at < rollout_.startedAt || one.at < change_.now - limits::guardLatenessMillis) {
        countLate(guard, one.version);
        continue;
      }
      std::size_t place = picked.size();
      if (!one.unit.empty()) units.emplace(one.unit);
      if (!one.unit.empty() && guard.unitMillis > 0)
        place = places.try_emplace({one.unit, one.version}, place).first->second;
      if (place == picked.size()) picked.push_back({one.version, one.unit});
      picked[place].sum += guard.mapped(one.value);
      ++picked[place].count;
    }
    keepCounted(guard, units, picked);
    return picked;
  }

  /// Drops users who were counted a short while ago.
  void keepCounted(const GuardConfig& guard, const std::set<std::string>& units, std::vector<Picked>& picked) {
    if (units.empty()) return;
    std::map<std::string, bool> counted =
        guards::countUnits(change_.transaction, dialect_, rollout_.id, guard, units, change_.now);
    std::erase_if(picked,
                  [&](const Picked& one) { return !one.unit.empty() && !counted.contains(std::string(one.unit)); });
    for (Picked& one : picked)
      if (!one.unit.empty()) one.firstOfUnit = std::exchange(counted[std::string(one.unit)], false);
  }

  void countLate(const GuardConfig& guard, std::int64_t version) {
    for (const registry::RolloutArm& arm : rollout_.plan.arms)
      if (version == arm.version || version == rollout_.stable) ++stateOf(guard, arm).late;
  }

  void feed(const GuardConfig& guard, const std::vector<Picked>& picked) {
    for (const Picked& one : picked)
      for (const registry::RolloutArm& arm : rollout_.plan.arms) {
        if (one.version != arm.version && one.version != rollout_.stable) continue;
        feedArm(guard, arm, one);
        if (!rollout_.active()) return;
      }
  }

  void feedArm(const GuardConfig& guard, const registry::RolloutArm& arm, const Picked& one) {
    GuardState& state = stateOf(guard, arm);
    bool ofCandidate = one.version == arm.version;
    double share = shareAgainstStable(rollout_, arm);
    if (ofCandidate) state.candidateAt = static_cast<double>(change_.now);
    if (share >= 1 && state.frozen < 0) freeze(guard, state);
    // Only while keys are really split at this share does the number of users say anything.
    if (one.firstOfUnit && rollout_.forced == 0) state.ratio.see(ofCandidate, share);
    state.see(guard, ofCandidate, one.sum / one.count, share);
    if (state.breachedAt == 0 && state.breached(guard, share)) return breach(guard, arm, state, share);
    if (state.unevenAt == 0 && guard.holdOnRatio && state.uneven()) hold(guard, arm, state);
  }

  /// No caller gets the stable version any more: its statistics are final.
  void freeze(const GuardConfig& guard, GuardState& state) {
    if (state.base.count < leastBaseline)
      state.base = guards::recall(change_.transaction, rollout_.asset, rollout_.stable, guard);
    if (state.base.count >= leastBaseline) state.frozen = state.base.low;
  }

  void breach(const GuardConfig& guard, const registry::RolloutArm& arm, GuardState& state, double share) {
    state.breachedAt = static_cast<double>(change_.now);
    std::string why = guards::breachText(rollout_, guard, arm, state, share);
    json::object evidence = guards::evidence(rollout_, guard, arm, state, share);
    evidence["action"] = guard.dryRun ? "none: dry run" : onBreachName(guard.onBreach);
    evidence["why"] = why;
    change_.record(registry::Action::guardBreached, rollout_.key.workspace, rollout_.subject(), evidence);
    if (guard.dryRun || guard.onBreach == GuardConfig::OnBreach::notify) return;
    if (guard.onBreach == GuardConfig::OnBreach::pause)
      rollout_ = registry::pauseRollout(change_, rollout_, why);
    else
      rollout_ = registry::endRollout(change_, rollout_, registry::RolloutStatus::rolledBack, why, evidence);
  }

  /// Once: a person who lets it go on has seen it.
  void hold(const GuardConfig& guard, const registry::RolloutArm& arm, GuardState& state) {
    state.unevenAt = static_cast<double>(change_.now);
    if (!guard.dryRun) rollout_ = registry::holdRollout(change_, rollout_, guards::unevenText(guard, arm, state));
  }

  GuardState& stateOf(const GuardConfig& guard, const registry::RolloutArm& arm) {
    if (!states_) {
      states_ = guards::load(change_.transaction, rollout_.id);
      if (states_->empty()) guards::forgetUnits(change_.transaction, rollout_.asset);
    }
    std::pair key(guard.name, arm.name);
    touched_.insert(key);
    return (*states_)[key];
  }

  registry::Change& change_;
  db::Dialect dialect_;
  registry::Rollout& rollout_;
  const std::vector<GuardConfig>& guards_;
  std::optional<guards::States> states_;
  std::set<std::pair<std::string, std::string>> touched_;
};

}  // namespace

Watch::Watch(registry::Change& change, db::Dialect dialect, std::int64_t asset) : change_(change), dialect_(dialect) {
  registry::Asset of;
  of.id = asset;
  for (registry::Rollout& rollout : registry::activeRollouts(change.transaction, of)) {
    std::vector<GuardConfig> guards = parseGuards(rollout.plan.guards, rollout.plan.arms.size());
    if (!guards.empty()) guarded_.push_back({std::move(rollout), std::move(guards)});
  }
}

std::string Watch::problemOf(std::int64_t version, std::string_view metric, double value) const {
  for (const Guarded& guarded : guarded_)
    for (const GuardConfig& guard : guarded.guards)
      if (guard.metric == metric && guarded.rollout.serves(version) && !guard.inRange(value))
        return fmt::format("value must be from {} to {}, the range of guard '{}' of rollout {}, not {}", guard.low,
                           guard.high, guard.name, guarded.rollout.id, value);
  return {};
}

void Watch::see(const std::vector<Observation>& observations) {
  for (Guarded& guarded : guarded_) Round(change_, dialect_, guarded.rollout, guarded.guards).see(observations);
}

double shareAgainstStable(const registry::Rollout& rollout, const registry::RolloutArm& arm) {
  std::int64_t weights = 0;
  for (const registry::RolloutArm& other : rollout.plan.arms) weights += other.weight;
  auto arms = static_cast<double>(rollout.share());
  double mine = weights > 0 ? arms * static_cast<double>(arm.weight) / static_cast<double>(weights) : 0;
  double stable = static_cast<double>(registry::wholeShare) - arms;
  return mine + stable > 0 ? mine / (mine + stable) : 0;
}

}  // namespace regesta::rollout

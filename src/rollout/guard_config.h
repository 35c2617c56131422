#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace regesta::rollout {

/// Configuration of a guard: how a rollout watches one metric. Values are mapped to [0, 1], 1 the best: (value - low) /
/// (high - low), inverted if lower is better. Margin and statistics are in that unit.
struct GuardConfig {
  enum class Role { guardrail, signal } role = Role::guardrail;
  enum class OnBreach { rollback, pause, notify } onBreach = OnBreach::rollback;

  std::string name;  ///< unique in the rollout; default: the metric
  std::string metric;
  bool higherIsBetter = true;
  double low = 0, high = 1;            ///< the metric's range
  bool clip = false;                   ///< clamp values to the range; otherwise refuse the report
  double margin = 0.02;                ///< how much worse the candidate's mean may be
  double alpha = 0.05;                 ///< chance of a false alarm in the whole rollout
  std::int64_t minReports = 30;        ///< of the candidate, before a step may end; detection needs none
  bool holdWithoutData = true;         ///< no step ends while reports are missing
  std::int64_t graceMillis = 900'000;  ///< reports are missing if none arrived for this long
  bool holdOnRatio = true;             ///< no step ends while the traffic split differs from the plan
  std::int64_t cooldownMillis =
      604'800'000;                      ///< time after a rollback in which only a user may start this version again
  std::int64_t maxBakeMillis = 0;       ///< pause a step that is held for longer; 0: keep holding
  std::int64_t unitMillis = 3'600'000;  ///< a user's reports within this time count once; 0: each counts
  bool advanceEarly = false;            ///< a step may end before its bake time if the candidate is clearly not worse
  bool dryRun = false;                  ///< reports without acting
  double falseAlarmEvery = 10'000;      ///< reports, while every caller gets the candidate

  double mapped(double value) const;
  bool inRange(double value) const { return clip || (value >= low && value <= high); }
  json::object toJson() const;  ///< every member, as guards are configured
};
std::string_view roleName(GuardConfig::Role role);
std::string_view onBreachName(GuardConfig::OnBreach action);

/// Reads a rollout's "guards": [{"metric","direction":"higher|lower","min","max","clip","role","margin","alpha",
/// "min_reports","on_breach","on_no_data":"hold|ignore","grace_seconds","on_srm":"hold|ignore","cooldown_seconds",
/// "max_bake_seconds","unit_window_seconds","advance":"early|bake","dry_run","false_alarm_every","name"}]. Guards
/// without alpha share 5 % with those of their role, divided among the arms. Throws Invalid that names the member:
/// "guards[0].margin".
std::vector<GuardConfig> parseGuards(const json::array& guards, std::size_t arms);

}  // namespace regesta::rollout

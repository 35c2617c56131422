#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "delivery/guard_config.h"
#include "delivery/guard_state.h"
#include "registry/change.h"
#include "registry/rollout.h"

namespace regesta::delivery {

/// One stored report, as guards see it.
struct Observation {
  std::int64_t version = 0;
  std::string_view metric;
  double value = 0;
  std::string_view unit;
  std::int64_t at = 0;  ///< milliseconds
};

/// The guards of one asset's active rollouts, inside the transaction that stores the reports. What a guard does (end
/// the rollout, pause it, hold it) is part of that transaction, by the change's actor, and recorded with its evidence.
class Watch {
 public:
  Watch(registry::Change& change, db::Dialect dialect, std::int64_t asset);

  /// Why a guard cannot take the value, which is outside its range; empty: nothing stands against it.
  std::string problemOf(std::int64_t version, std::string_view metric, double value) const;
  /// In the order in which they came. Versions that no rollout serves, and reports about the time before it or from
  /// more than an hour ago, are left out.
  void see(const std::vector<Observation>& observations);

 private:
  struct Guarded {
    registry::Rollout rollout;
    std::vector<GuardConfig> guards;
  };
  registry::Change& change_;
  db::Dialect dialect_;
  std::vector<Guarded> guarded_;
};

/// The candidate's part of the traffic of stable version and arm, now: 1 when nobody gets the stable version.
double shareAgainstStable(const registry::Rollout& rollout, const registry::RolloutArm& arm);

/// What guards say about the end of a rollout's step.
struct Advice {
  std::string hold;    ///< why the step must not end yet; empty: nothing stands against it
  bool pause = false;  ///< it has been held for longer than max_bake_seconds: a person has to look
  bool early = false;  ///< it may end before its bake time
};
Advice adviceFor(db::Session& session, const registry::Rollout& rollout, std::int64_t now);

/// Throws Error{refused} when a guard rolled this version back from the alias and its cooldown is not over, and the
/// actor is no person: what failed by itself does not come back by itself.
void requireCooledDown(db::Session& session, const registry::Asset& asset, std::string_view alias,
                       const registry::RolloutPlan& plan, const registry::Actor& actor, std::int64_t now);

/// What a guard knows about one arm, for people.
struct GuardView {
  GuardConfig guard;
  registry::RolloutArm arm;
  GuardState state;
  double share = 0;      ///< as shareAgainstStable() says
  std::string standing;  ///< "waiting", "watching", "fine", "breached", "uneven", "no baseline"
  std::string why;       ///< in words
};
std::vector<GuardView> viewGuards(db::Session& session, const registry::Rollout& rollout);

}  // namespace regesta::delivery

#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "registry/change.h"
#include "registry/rollout/rollout.h"
#include "rollout/guard_config.h"
#include "rollout/guard_state.h"

namespace regesta::rollout {

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

  /// Why a guard cannot take the value (it is out of range); empty: it can.
  std::string problemOf(std::int64_t version, std::string_view metric, double value) const;
  /// Takes observations in order of arrival. Ignores versions that no rollout serves, and reports from before it or
  /// older than an hour.
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

/// The candidate's present share of the traffic of stable version and arm; 1 if no caller gets the stable version.
double shareAgainstStable(const registry::Rollout& rollout, const registry::RolloutArm& arm);

/// The guards' result for the end of a rollout's step.
struct Advice {
  std::string hold;    ///< why the step must not end yet; empty: it may end
  bool pause = false;  ///< it was held for longer than max_bake_seconds and needs a user's decision
  bool early = false;  ///< it may end before its bake time
};
Advice adviceFor(db::Transaction& transaction, const registry::Rollout& rollout, std::int64_t now);

/// Throws Error{refused} if a guard rolled this version back from the alias, its cooldown is not over and the actor is
/// not a user: an automatic rollback is not undone automatically.
void requireCooledDown(db::Transaction& transaction, const registry::Asset& asset, std::string_view alias,
                       const registry::RolloutPlan& plan, const registry::Actor& actor, std::int64_t now);

enum class GuardStanding {
  waiting,     ///< no report yet
  watching,    ///< neither worse nor clearly fine
  fine,        ///< it is clear that the arm is not worse
  breached,    ///< it is clear that it is worse
  uneven,      ///< the arms' shares of the reports differ from the plan's
  noBaseline,  ///< too few reports about the stable version, which no caller gets any more
};
std::string_view standingName(GuardStanding standing);

/// A guard's status for one arm, for display.
struct GuardView {
  GuardConfig guard;
  registry::RolloutArm arm;
  GuardState state;
  double share = 0;  ///< shareAgainstStable()
  GuardStanding standing = GuardStanding::waiting;
  std::string why;  ///< a sentence
};
std::vector<GuardView> viewGuards(db::Transaction& transaction, const registry::Rollout& rollout);

}  // namespace regesta::rollout

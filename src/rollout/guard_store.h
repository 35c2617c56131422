#pragma once
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "registry/change.h"
#include "registry/rollout/rollout.h"
#include "rollout/guard_state.h"

/// The guards' tables.
namespace regesta::rollout::guards {

/// The states of a rollout's guards by guard and arm, without those that have no report.
using States = std::map<std::pair<std::string, std::string>, GuardState>;
States load(db::Transaction& transaction, std::int64_t rollout);
void save(db::Transaction& transaction, std::int64_t rollout, std::string_view guard, std::string_view arm,
          const GuardState& state);

/// Marks as counted the units that the guard has not counted within its window, and returns them: unit → whether it is
/// new to the guard.
std::map<std::string, bool> countUnits(db::Transaction& transaction, db::Dialect dialect, std::int64_t rollout,
                                       const GuardConfig& guard, const std::set<std::string>& units, std::int64_t now);

/// Deletes units of the asset's ended rollouts.
void forgetUnits(db::Transaction& transaction, std::int64_t asset);

/// Statistics of a metric over the newest reports about a version, at most 5000.
MeanSequence recall(db::Transaction& transaction, std::int64_t asset, std::int64_t version, const GuardConfig& guard);

}  // namespace regesta::rollout::guards

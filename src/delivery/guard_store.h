#pragma once
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "delivery/guard_state.h"
#include "registry/change.h"
#include "registry/rollout.h"

/// The guards' tables.
namespace regesta::delivery::guards {

/// The states of a rollout by guard and arm; those without a report are not in it.
using States = std::map<std::pair<std::string, std::string>, GuardState>;
States load(db::Session& session, std::int64_t rollout);
void save(db::Session& session, std::int64_t rollout, std::string_view guard, std::string_view arm,
          const GuardState& state);

/// Which of the units count now, because the guard has not counted them within its window: unit → whether it never had
/// before. They are counted from now on.
std::map<std::string, bool> countUnits(db::Session& session, db::Dialect dialect, std::int64_t rollout,
                                       const GuardConfig& guard, const std::set<std::string>& units, std::int64_t now);

/// Forgets units of the asset's rollouts that have ended.
void forgetUnits(db::Session& session, std::int64_t asset);

/// What the newest reports about a version say of a metric, at most 5000 of them.
MeanSequence recall(db::Session& session, std::int64_t asset, std::int64_t version, const GuardConfig& guard);

}  // namespace regesta::delivery::guards

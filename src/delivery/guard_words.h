#pragma once
#include <string>

#include "delivery/guard_config.h"
#include "delivery/guard_state.h"
#include "registry/rollout.h"

/// What guards put on record and show to people.
namespace regesta::delivery::guards {

/// Back from [0, 1], 1 the best, to the metric's own unit.
double original(const GuardConfig& guard, double mapped);
/// A confidence sequence in the metric's own unit.
Interval originalInterval(const GuardConfig& guard, const MeanSequence& mean);
/// E as a number that JSON can carry.
double evidenceOf(double logE);

/// {"guard","metric","arm","version","stable","e","threshold","p","pairs",…}: why a guard acted.
json::object evidence(const registry::Rollout& rollout, const GuardConfig& guard, const registry::RolloutArm& arm,
                      const GuardState& state, double share);
/// "guardrail 'helpfulness': version 4 has mean 0.61 in 140 reports, version 3 has 0.80 in 152; …"
std::string breachText(const registry::Rollout& rollout, const GuardConfig& guard, const registry::RolloutArm& arm,
                       const GuardState& state, double share);
std::string unevenText(const GuardConfig& guard, const registry::RolloutArm& arm, const GuardState& state);

}  // namespace regesta::delivery::guards

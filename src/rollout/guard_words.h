#pragma once
#include <string>

#include "registry/rollout/rollout.h"
#include "rollout/guard_config.h"
#include "rollout/guard_state.h"

/// Texts and ledger data of guards.
namespace regesta::rollout::guards {

/// Maps from [0, 1], 1 the best, to the metric's unit.
double original(const GuardConfig& guard, double mapped);
/// A confidence sequence in the metric's unit.
Interval originalInterval(const GuardConfig& guard, const MeanSequence& mean);
/// E as a number that JSON can represent.
double evidenceOf(double logE);

/// {"guard","metric","arm","version","stable","e","threshold","p","pairs",…}: why a guard acted.
json::object evidence(const registry::Rollout& rollout, const GuardConfig& guard, const registry::RolloutArm& arm,
                      const GuardState& state, double share);
/// "guardrail 'helpfulness': version 4 has mean 0.61 in 140 reports, version 3 has 0.80 in 152; …"
std::string breachText(const registry::Rollout& rollout, const GuardConfig& guard, const registry::RolloutArm& arm,
                       const GuardState& state, double share);
std::string unevenText(const GuardConfig& guard, const registry::RolloutArm& arm, const GuardState& state);

}  // namespace regesta::rollout::guards

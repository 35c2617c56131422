#pragma once
// Internal to the governance room.
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "governance/gate.h"

namespace regesta::governance {

/// A widening as a question's `plan`: the rollout's plan with {"id", "action", …} added, so that a change request and
/// its approvals cover exactly it. Has "early" if a step is to end before its bake time or while its guards hold it.
std::string wideningPlan(const registry::Rollout& rollout, const Gate::Widening& widening, std::int64_t now);
/// Empty if the plan starts a rollout.
std::optional<Gate::Widening> readWidening(std::string_view plan);
/// The plan without a widening's additions.
registry::RolloutPlan readPlan(std::string_view plan);
/// Adds the plan to a policy's input, unless it is empty. `rollout` has the plan, "action", "share"
/// (percent of callers that get an arm once this is done) and "final_share" (the most that the rollout reaches without
/// another decision). The kill switch and completion serve the candidate to every caller, which policies see as a move:
/// `rollout` is then absent, and `widening` names the rollout that it ends.
void describePlan(json::object& input, std::string_view plan);

/// The rollout and the version that the widening serves. Throws Error{notFound}, Error{invalidState} if it has ended,
/// has advanced since, or has several arms and none is named, Invalid for an unknown arm or version.
struct Widened {
  registry::Rollout rollout;
  std::int64_t version = 0;
};
Widened findWidened(db::Transaction& transaction, const registry::Asset& asset, const Gate::Widening& widening);

/// Whether the rollout's decision covers the widening: the alias is not protected, or every policy bound now was
/// evaluated and no arm gets a greater share than the decided plan gives it at `now`. Without `now`, the caller has
/// checked bake times and guards.
bool isDecided(db::Transaction& transaction, const registry::Rollout& rollout, const Gate::Widening& widening,
               std::int64_t version, std::optional<std::int64_t> now);

inline constexpr std::int64_t everybody = std::numeric_limits<std::int64_t>::max();
/// Whether a stored decision covers that a rollout's arms get this share (of registry::wholeShare), or `everybody` its
/// one version.
bool decidesShare(const json::object& decision, std::int64_t share);

}  // namespace regesta::governance

#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/clearance.h"
#include "registry/rollout_plan.h"
#include "registry/version.h"

namespace regesta::registry {

enum class RolloutStatus { running, paused, completed, rolledBack, stopped };
std::string_view statusName(RolloutStatus status);  ///< "running", …, "rolled_back", "stopped"
std::optional<RolloutStatus> parseRolloutStatus(std::string_view text);

/// An alias on its way to another version. The alias stands on `stable` until the rollout completes; ending it in any
/// other way needs no move. At most one is active on an alias.
struct Rollout {
  std::int64_t id = 0;
  std::int64_t asset = 0;
  AssetKey key;
  std::string alias;
  std::int64_t stable = 0;
  RolloutPlan plan;
  RolloutStatus status = RolloutStatus::running;
  std::int64_t step = 0;       ///< place in plan.steps
  std::int64_t stepSince = 0;  ///< when the step began, or was resumed
  std::int64_t baked = 0;      ///< milliseconds that the step had baked before that
  std::string hold;            ///< why a guard does not let it go on; empty: nothing does
  std::int64_t forced = 0;     ///< the kill switch: everyone gets this version; 0: the plan decides
  std::string salt;            ///< what keys are hashed with
  std::string algorithm;       ///< of the bucketing; fixed for the rollout's life
  std::string decision;        ///< of the gate, when it started; empty: the alias was not protected
  std::string reason;
  std::int64_t revision = 0;
  std::int64_t startedAt = 0, endedAt = 0;
  std::string startedBy, endedBy, endReason;
  std::string evidence;  ///< JSON that came with its end; may be empty

  bool active() const { return status == RolloutStatus::running || status == RolloutStatus::paused; }
  std::string subject() const { return key.subject() + "#" + alias; }
  bool serves(std::int64_t version) const;  ///< it is the stable version or an arm's
  /// Of the keys that get an arm now.
  std::int64_t share() const;
  bool lastStep() const { return step + 1 >= static_cast<std::int64_t>(plan.steps.size()); }
  /// When the present step has baked; empty: it waits for a person, is paused, or held.
  std::optional<std::int64_t> dueAt() const;
};

/// flagd's: MurmurHash3 x86 32, seed 0, of salt + key; bucket = (hash * wholeShare) >> 32; arms stand first.
inline constexpr std::string_view bucketingFlagd = "murmur3-32-scaled";

std::optional<Rollout> findRollout(db::Session& session, std::int64_t id);
/// The active one (running or paused) on the alias.
std::optional<Rollout> runningRollout(db::Session& session, const Asset& asset, std::string_view alias);
std::vector<Rollout> activeRollouts(db::Session& session, const Asset& asset);
/// Of a whole workspace, newest first: at most one an alias. `before` 0: from the newest on.
std::vector<Rollout> activeRollouts(db::Session& session, std::string_view workspace, std::int64_t before = 0);
/// Newest first, of one asset; empty `alias`: of all its aliases; `before` 0: from the newest on.
std::vector<Rollout> listRollouts(db::Session& session, const Asset& asset, std::string_view alias, std::size_t limit,
                                  std::int64_t before = 0);
/// Every running rollout, for the stepper.
std::vector<Rollout> runningRollouts(db::Session& session);

/// Throws Error{invalidState} when no such rollout can start now: the alias stands on no version, or on an arm's, or
/// another rollout is active on it; Error{notFound} for an arm's version.
void checkStart(db::Session& session, const Asset& asset, std::string_view alias, const RolloutPlan& plan);
/// Starts at step 0 with the gate's leave to move the alias to the first arm's version; the alias stays. Throws
/// Error{conflict} when it stands no longer on clearance.from(), and what checkStart throws. Recorded as
/// "rollout.started" about "prompt/NAME#ALIAS", as all of these are.
Rollout startRollout(Change& change, const Asset& asset, const RolloutPlan& plan, const Clearance& clearance,
                     std::string_view reason);

// Each takes the rollout as it was read, returns it as it is now, and throws Error{conflict} when somebody else changed
// it meanwhile, Error{invalidState} when it has ended.
Rollout stepRollout(Change& change, const Rollout& rollout, std::int64_t step);         ///< "rollout.stepped"
Rollout pauseRollout(Change& change, const Rollout& rollout, std::string_view reason);  ///< "rollout.paused"
Rollout resumeRollout(Change& change, const Rollout& rollout);  ///< "rollout.resumed"; lets go of hold and kill switch
/// A guard's word: no further step until it is empty again. "rollout.held" / "rollout.released".
Rollout holdRollout(Change& change, const Rollout& rollout, std::string_view why);
/// Serves `version` (the stable one or an arm's) to everyone at once and pauses. "rollout.killed"
Rollout forceRollout(Change& change, const Rollout& rollout, std::int64_t version, std::string_view reason);
/// Ends it on the stable version: rolledBack or stopped. `evidence` (a guard's numbers) is stored with the row, and its
/// digest and `data` recorded. "rollout.rolled-back" / "rollout.stopped".
Rollout endRollout(Change& change, const Rollout& rollout, RolloutStatus status, std::string_view reason,
                   const json::object& evidence = {});
/// Moves the alias to the arm's version and ends it. "rollout.completed", then "alias.moved".
Rollout completeRollout(Change& change, const Rollout& rollout, const Clearance& clearance);

}  // namespace regesta::registry

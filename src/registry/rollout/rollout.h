#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/clearance.h"
#include "registry/rollout/rollout_plan.h"
#include "registry/version.h"

namespace regesta::registry {

enum class RolloutStatus { running, paused, completed, rolledBack, stopped };
std::string_view statusName(RolloutStatus status);      ///< "running", …, "rolled_back", "stopped"
std::string_view pastParticiple(RolloutStatus status);  ///< for messages: "completed", "rolled back", "stopped"
std::optional<RolloutStatus> parseRolloutStatus(std::string_view text);

/// Who rolls back when a guard is breached.
const Actor& guardActor();

/// A progressive move of an alias to another version. The alias points to `stable` until the rollout completes; ending
/// it otherwise moves nothing. At most one is active per alias.
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
  std::int64_t baked = 0;      ///< milliseconds that the step had baked before `stepSince`
  std::string hold;            ///< why a guard holds the rollout; empty: not held
  std::int64_t forced = 0;     ///< kill switch: every caller gets this version; 0: the plan decides
  std::string salt;            ///< salt of the keys' hashes
  std::string algorithm;       ///< of the bucketing; fixed for the rollout's life
  std::string decision;        ///< of the gate, when it started; empty: the alias was not protected
  std::string reason;
  std::int64_t revision = 0;
  std::int64_t startedAt = 0, endedAt = 0;
  std::string startedBy, endedBy, endReason;
  std::string evidence;  ///< JSON given when it ended; may be empty

  bool active() const { return status == RolloutStatus::running || status == RolloutStatus::paused; }
  bool endedByGuard() const { return status == RolloutStatus::rolledBack && endedBy == guardActor().name; }
  std::string subject() const { return key.subject(Pointer::alias(alias)); }
  bool serves(std::int64_t version) const;  ///< it is the stable version or an arm's
  bool tries(std::int64_t version) const { return version != stable && serves(version); }  ///< it is an arm's only
  /// Share of the keys that get an arm now.
  std::int64_t share() const;
  bool lastStep() const { return step + 1 >= static_cast<std::int64_t>(plan.steps.size()); }
  /// When the current step finishes baking; empty: it is manual, paused or held.
  std::optional<std::int64_t> dueAt() const;
};

/// flagd's: MurmurHash3 x86 32, seed 0, of salt + key; bucket = (hash * wholeShare) >> 32; arms come first.
inline constexpr std::string_view bucketingFlagd = "murmur3-32-scaled";

std::optional<Rollout> findRollout(db::Transaction& transaction, std::int64_t id);
/// The active one (running or paused) on the alias.
std::optional<Rollout> runningRollout(db::Transaction& transaction, const Asset& asset, std::string_view alias);
std::vector<Rollout> activeRollouts(db::Transaction& transaction, const Asset& asset);
/// Of a workspace, newest first: at most one per alias. `before` 0: from the newest.
std::vector<Rollout> activeRollouts(db::Transaction& transaction, std::string_view workspace, std::int64_t before = 0);
/// Of one asset, newest first; empty `alias`: of all its aliases; `before` 0: from the newest.
std::vector<Rollout> listRollouts(db::Transaction& transaction, const Asset& asset, std::string_view alias,
                                  std::size_t limit, std::int64_t before = 0);
/// Every running rollout, for the stepper.
std::vector<Rollout> runningRollouts(db::Transaction& transaction);

/// Throws Error{invalidState} if the rollout cannot start: the alias points to no version or to an arm's, or another
/// rollout is active on it; Error{notFound} for an arm's version.
void checkStart(db::Transaction& transaction, const Asset& asset, std::string_view alias, const RolloutPlan& plan);
/// Starts at step 0 with clearance to move the alias to the first arm's version; the alias stays. Throws
/// Error{conflict} if it no longer points to clearance.from(), and the errors of checkStart. Recorded as
/// "rollout.started" about "prompt/NAME#ALIAS", like all of these.
Rollout startRollout(Change& change, const Asset& asset, const RolloutPlan& plan, const Clearance& clearance,
                     std::string_view reason);

// Each takes the rollout as it was read and returns its new state. Throws Error{conflict} if it changed meanwhile,
// Error{invalidState} if it has ended. Serving an arm to more callers needs the gate's clearance; serving it to fewer
// never waits.
/// "rollout.stepped"
Rollout stepRollout(Change& change, const Rollout& rollout, std::int64_t step, const RolloutClearance& clearance,
                    std::string_view reason = {});
Rollout pauseRollout(Change& change, const Rollout& rollout, std::string_view reason);  ///< "rollout.paused"
/// "rollout.resumed"; clears hold and kill switch
Rollout resumeRollout(Change& change, const Rollout& rollout, const RolloutClearance& clearance,
                      std::string_view reason = {});
/// Sets or (empty) clears a guard's hold; a held rollout does not advance. "rollout.held" / "rollout.released".
Rollout holdRollout(Change& change, const Rollout& rollout, std::string_view why);
/// Serves the stable version to every caller at once, and pauses. "rollout.killed"
Rollout killRollout(Change& change, const Rollout& rollout, std::string_view reason);
/// Serves an arm's version to every caller at once, and pauses. "rollout.killed"
Rollout forceRollout(Change& change, const Rollout& rollout, std::int64_t version, std::string_view reason,
                     const RolloutClearance& clearance);
/// Ends it on the stable version: rolledBack or stopped. `evidence` (a guard's numbers) is stored with the row, and its
/// digest and `data` recorded. "rollout.rolled-back" / "rollout.stopped".
Rollout endRollout(Change& change, const Rollout& rollout, RolloutStatus status, std::string_view reason,
                   const json::object& evidence = {});
/// Moves the alias to the arm's version and ends it. "rollout.completed", then "alias.moved".
Rollout completeRollout(Change& change, const Rollout& rollout, const Clearance& clearance,
                        std::string_view reason = {});

}  // namespace regesta::registry

#pragma once
#include "api/native/common.h"

namespace regesta::api::native {

struct NewRollout {
  std::string name, alias = "production";
  RawJson version, arms, steps, segments, holdback, guards;
  std::string reason;
  static constexpr std::string_view documentation =
      "Runs the policies that are bound to the alias, as moving it to the candidate would. The alias keeps "
      "pointing to the stable version until the rollout completes.";
  static constexpr Field fields[] = {
      field<&NewRollout::name>("name", required),
      field<&NewRollout::alias>("alias", about("default: production")),
      field<&NewRollout::version>("version", about("the candidate: a number, SemVer, range or alias")),
      field<&NewRollout::arms>("arms", about("instead of version, for A/B/n: [{\"name\", \"version\", \"weight\"}]")),
      field<&NewRollout::steps>("steps",
                                about("[{\"weight\": percent, \"bake_seconds\"}]; no bake: waits for a person")),
      field<&NewRollout::segments>("segments", about("[{\"name\", \"when\": [{\"attribute\", \"operator\", "
                                                     "\"values\"}], \"serve\" or \"weight\"}]; first match wins")),
      field<&NewRollout::holdback>("holdback", about("percent that stays on the stable version to the end")),
      field<&NewRollout::guards>("guards"),
      field<&NewRollout::reason>("reason", atMost(4000))};
};
struct RolloutAnswer {
  std::int64_t id = 0;
  std::string prompt, alias, status;
  std::int64_t stable = 0;
  RawJson arms, steps, segments, guards;
  double holdback = 0, share = 0;
  std::int64_t step = 0;
  std::optional<std::string> stepSince, dueAt, hold;
  std::optional<std::int64_t> forced;
  std::string salt, algorithm;
  std::optional<std::string> decision, reason, startedAt, endedAt, endedBy, endReason;
  std::string startedBy;
  RawJson evidence;
  std::int64_t revision = 0;
  static constexpr Field fields[] = {
      field<&RolloutAnswer::id>("id"),
      field<&RolloutAnswer::prompt>("prompt"),
      field<&RolloutAnswer::alias>("alias"),
      field<&RolloutAnswer::status>("status", about("running, paused, completed, rolled_back or stopped")),
      field<&RolloutAnswer::stable>("stable", about("the version that the alias points to")),
      field<&RolloutAnswer::arms>("arms"),
      field<&RolloutAnswer::steps>("steps"),
      field<&RolloutAnswer::segments>("segments"),
      field<&RolloutAnswer::guards>("guards"),
      field<&RolloutAnswer::holdback>("holdback"),
      field<&RolloutAnswer::step>("step", about("place in steps, from 0")),
      field<&RolloutAnswer::share>("share", about("percent of the keys that get an arm now")),
      field<&RolloutAnswer::stepSince>("step_since"),
      field<&RolloutAnswer::dueAt>("due_at", about("when the step has baked; absent: it waits for somebody")),
      field<&RolloutAnswer::hold>("hold", about("why a guard does not let it go on")),
      field<&RolloutAnswer::forced>("forced", about("the version that everyone gets since the kill switch")),
      field<&RolloutAnswer::salt>("salt"),
      field<&RolloutAnswer::algorithm>("algorithm",
                                       about("of the bucketing, with which anybody can compute who gets what")),
      field<&RolloutAnswer::decision>("decision"),
      field<&RolloutAnswer::reason>("reason"),
      field<&RolloutAnswer::startedAt>("started_at"),
      field<&RolloutAnswer::startedBy>("started_by"),
      field<&RolloutAnswer::endedAt>("ended_at"),
      field<&RolloutAnswer::endedBy>("ended_by"),
      field<&RolloutAnswer::endReason>("end_reason"),
      field<&RolloutAnswer::evidence>("evidence"),
      field<&RolloutAnswer::revision>("revision")};
};
struct RolloutQuery {
  std::string name, alias, pageToken;
  std::int64_t pageSize = 0;
  static constexpr Field fields[] = {field<&RolloutQuery::name>("name", required),
                                     field<&RolloutQuery::alias>("alias", about("absent: of every alias")),
                                     field<&RolloutQuery::pageToken>("page_token"),
                                     field<&RolloutQuery::pageSize>("page_size", pageRule)};
};
struct ActiveRolloutQuery {
  std::string pageToken;
  std::int64_t pageSize = 0;
  static constexpr Field fields[] = {field<&ActiveRolloutQuery::pageToken>("page_token"),
                                     field<&ActiveRolloutQuery::pageSize>("page_size", pageRule)};
};
struct RolloutPath {
  std::string name;
  std::int64_t id = 0;
  static constexpr Field fields[] = {field<&RolloutPath::name>("name", required),
                                     field<&RolloutPath::id>("id", present | atLeast(1))};
};
struct RolloutAction {
  std::string name;
  std::int64_t id = 0;
  std::string reason;
  static constexpr Field fields[] = {field<&RolloutAction::name>("name", required),
                                     field<&RolloutAction::id>("id", present | atLeast(1)),
                                     field<&RolloutAction::reason>("reason", atMost(4000))};
};
struct RolloutKill {
  std::string name;
  std::int64_t id = 0, version = 0;
  std::string reason;
  static constexpr std::string_view documentation =
      "Serves the stable version, or the one in `version`, to everyone at once.";
  static constexpr Field fields[] = {
      field<&RolloutKill::name>("name", required), field<&RolloutKill::id>("id", present | atLeast(1)),
      field<&RolloutKill::version>("version", atLeast(0) | about("the stable one or an arm's; absent: the stable one")),
      field<&RolloutKill::reason>("reason", atMost(4000))};
};
struct RolloutWinner {
  std::string name;
  std::int64_t id = 0;
  std::string arm, reason;
  static constexpr std::string_view documentation =
      "Moves the alias to the candidate, or to the named arm, and ends the rollout.";
  static constexpr Field fields[] = {field<&RolloutWinner::name>("name", required),
                                     field<&RolloutWinner::id>("id", present | atLeast(1)),
                                     field<&RolloutWinner::arm>("arm", about("which one wins, when there are several")),
                                     field<&RolloutWinner::reason>("reason", atMost(4000))};
};

/// Goes through the gate like a move of the alias to the candidate, with the same refused and pending outcomes.
RolloutAnswer startRollout(Call& call, const NewRollout& request);
/// Newest first.
Page<RolloutAnswer> listRollouts(Call& call, const RolloutQuery& query);
/// Active (running or paused) rollouts of all prompts that the caller may read; newest first.
Page<RolloutAnswer> listActiveRollouts(Call& call, const ActiveRolloutQuery& query);
RolloutAnswer getRollout(Call& call, const RolloutPath& path);
RolloutAnswer pauseRollout(Call& call, const RolloutAction& request);
RolloutAnswer resumeRollout(Call& call, const RolloutAction& request);
/// Advances to the next step regardless of the bake time; after the last step, completes the rollout.
RolloutAnswer advanceRollout(Call& call, const RolloutAction& request);
RolloutAnswer stopRollout(Call& call, const RolloutAction& request);
RolloutAnswer rollbackRollout(Call& call, const RolloutAction& request);
RolloutAnswer killRollout(Call& call, const RolloutKill& request);
RolloutAnswer completeRollout(Call& call, const RolloutWinner& request);

}  // namespace regesta::api::native

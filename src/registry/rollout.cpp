#include "registry/rollout.h"

#include <algorithm>

#include "base/error.h"

namespace regesta::registry {
namespace {

constexpr std::string_view columns =
    "SELECT r.id, r.asset, a.workspace, a.kind, a.name, r.alias, r.stable, r.plan, r.status, r.step, r.step_since, "
    "r.baked, r.hold, r.forced, r.salt, r.algorithm, r.decision, r.reason, r.revision, r.started_at, r.started_by, "
    "r.ended_at, r.ended_by, r.end_reason, r.evidence FROM rollout r JOIN asset a ON a.id = r.asset";
constexpr std::string_view statusNames[] = {"running", "paused", "completed", "rolled_back", "stopped"};

Rollout readRow(db::Rows& rows) {
  Rollout rollout;
  rollout.id = rows.integer(0);
  rollout.asset = rows.integer(1);
  std::optional<Kind> kind = parseKind(rows.view(3));
  std::optional<RolloutStatus> status = parseRolloutStatus(rows.view(8));
  if (!kind || !status) throw error(Code::corrupt, "rollout {} has a kind or status that nobody knows", rollout.id);
  rollout.key = {rows.text(2), *kind, rows.text(4)};
  rollout.alias = rows.text(5);
  rollout.stable = rows.integer(6);
  rollout.plan = parsePlan(rows.view(7));
  rollout.status = *status;
  rollout.step = std::clamp<std::int64_t>(rows.integer(9), 0, static_cast<std::int64_t>(rollout.plan.steps.size()) - 1);
  rollout.stepSince = rows.integer(10);
  rollout.baked = rows.integer(11);
  rollout.hold = rows.text(12);
  rollout.forced = rows.integer(13);
  rollout.salt = rows.text(14);
  rollout.algorithm = rows.text(15);
  rollout.decision = rows.text(16);
  rollout.reason = rows.text(17);
  rollout.revision = rows.integer(18);
  rollout.startedAt = rows.integer(19);
  rollout.startedBy = rows.text(20);
  rollout.endedAt = rows.integer(21);
  rollout.endedBy = rows.text(22);
  rollout.endReason = rows.text(23);
  rollout.evidence = rows.text(24);
  return rollout;
}

std::vector<Rollout> readAll(db::Rows rows) {
  std::vector<Rollout> rollouts;
  while (rows.next()) rollouts.push_back(readRow(rows));
  return rollouts;
}

}  // namespace

std::string_view statusName(RolloutStatus status) { return statusNames[static_cast<int>(status)]; }

std::optional<RolloutStatus> parseRolloutStatus(std::string_view text) {
  auto found = std::ranges::find(statusNames, text);
  if (found == std::end(statusNames)) return std::nullopt;
  return static_cast<RolloutStatus>(found - std::begin(statusNames));
}

bool Rollout::serves(std::int64_t version) const {
  return version == stable || std::ranges::find(plan.arms, version, &RolloutArm::version) != plan.arms.end();
}

std::int64_t Rollout::share() const {
  return std::min(plan.steps[static_cast<std::size_t>(step)].share, wholeShare - plan.holdback);
}

std::optional<std::int64_t> Rollout::dueAt() const {
  std::int64_t bake = plan.steps[static_cast<std::size_t>(step)].bakeMillis;
  if (status != RolloutStatus::running || !hold.empty() || bake == manualStep) return std::nullopt;
  // Only a person can say which of several arms wins, and that a part of the keys was enough.
  if (lastStep() && (plan.arms.size() > 1 || plan.steps.back().share < wholeShare)) return std::nullopt;
  return stepSince + std::max<std::int64_t>(bake - baked, 0);
}

std::optional<Rollout> findRollout(db::Session& session, std::int64_t id) {
  db::Rows rows = session.query(fmt::format("{} WHERE r.id = $1", columns), {id});
  if (!rows.next()) return std::nullopt;
  return readRow(rows);
}

std::optional<Rollout> runningRollout(db::Session& session, const Asset& asset, std::string_view alias) {
  db::Rows rows = session.query(
      fmt::format("{} WHERE r.asset = $1 AND r.alias = $2 AND r.status IN ('running', 'paused')", columns),
      {asset.id, alias});
  if (!rows.next()) return std::nullopt;
  return readRow(rows);
}

std::vector<Rollout> activeRollouts(db::Session& session, const Asset& asset) {
  return readAll(session.query(
      fmt::format("{} WHERE r.asset = $1 AND r.status IN ('running', 'paused') ORDER BY r.id", columns), {asset.id}));
}

std::vector<Rollout> activeRollouts(db::Session& session, std::string_view workspace, std::int64_t before) {
  return readAll(session.query(
      fmt::format("{} WHERE a.workspace = $1 AND r.status IN ('running', 'paused') AND r.id < $2 ORDER BY r.id DESC",
                  columns),
      {workspace, before > 0 ? before : INT64_MAX}));
}

std::vector<Rollout> listRollouts(db::Session& session, const Asset& asset, std::string_view alias, std::size_t limit,
                                  std::int64_t before) {
  return readAll(session.query(
      fmt::format("{} WHERE r.asset = $1 AND (r.alias = $2 OR $2 = '') AND r.id < $3 ORDER BY r.id DESC LIMIT $4",
                  columns),
      {asset.id, alias, before > 0 ? before : INT64_MAX, limit}));
}

std::vector<Rollout> runningRollouts(db::Session& session) {
  return readAll(session.query(fmt::format("{} WHERE r.status = 'running' ORDER BY r.id", columns)));
}

}  // namespace regesta::registry

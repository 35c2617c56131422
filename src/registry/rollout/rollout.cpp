#include "registry/rollout/rollout.h"

#include <algorithm>

#include "base/error.h"
#include "db/columns.h"

namespace regesta::registry {
namespace {

constexpr std::string_view columns =
    "SELECT r.id, r.asset, a.workspace, a.kind, a.name, r.alias, r.stable, r.plan, r.status, r.step, r.step_since, "
    "r.baked, r.hold, r.forced, r.salt, r.algorithm, r.decision, r.reason, r.revision, r.started_at, r.started_by, "
    "r.ended_at, r.ended_by, r.end_reason, r.evidence FROM rollout r JOIN asset a ON a.id = r.asset";
constexpr std::string_view statusNames[] = {"running", "paused", "completed", "rolled_back", "stopped"};

Rollout readRow(db::Rows& rows) {
  constexpr db::Columns at(columns);
  Rollout rollout;
  rollout.id = rows.integer(at["id"]);
  rollout.asset = rows.integer(at["asset"]);
  std::optional<Kind> kind = parseKind(rows.view(at["kind"]));
  std::optional<RolloutStatus> status = parseRolloutStatus(rows.view(at["status"]));
  if (!kind || !status) throw error(Code::corrupt, "rollout {} has an unknown kind or status", rollout.id);
  rollout.key = {rows.text(at["workspace"]), *kind, rows.text(at["name"])};
  rollout.alias = rows.text(at["alias"]);
  rollout.stable = rows.integer(at["stable"]);
  rollout.plan = parsePlan(rows.view(at["plan"]));
  rollout.status = *status;
  rollout.step =
      std::clamp<std::int64_t>(rows.integer(at["step"]), 0, static_cast<std::int64_t>(rollout.plan.steps.size()) - 1);
  rollout.stepSince = rows.integer(at["step_since"]);
  rollout.baked = rows.integer(at["baked"]);
  rollout.hold = rows.text(at["hold"]);
  rollout.forced = rows.integer(at["forced"]);
  rollout.salt = rows.text(at["salt"]);
  rollout.algorithm = rows.text(at["algorithm"]);
  rollout.decision = rows.text(at["decision"]);
  rollout.reason = rows.text(at["reason"]);
  rollout.revision = rows.integer(at["revision"]);
  rollout.startedAt = rows.integer(at["started_at"]);
  rollout.startedBy = rows.text(at["started_by"]);
  rollout.endedAt = rows.integer(at["ended_at"]);
  rollout.endedBy = rows.text(at["ended_by"]);
  rollout.endReason = rows.text(at["end_reason"]);
  rollout.evidence = rows.text(at["evidence"]);
  return rollout;
}

std::vector<Rollout> readAll(db::Rows rows) {
  std::vector<Rollout> rollouts;
  while (rows.next()) rollouts.push_back(readRow(rows));
  return rollouts;
}

}  // namespace

const Actor& guardActor() {
  static const Actor actor = Actor::system("guard");
  return actor;
}

std::string_view statusName(RolloutStatus status) { return statusNames[static_cast<int>(status)]; }
std::string_view pastParticiple(RolloutStatus status) {
  return status == RolloutStatus::rolledBack ? "rolled back" : statusName(status);
}

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

std::optional<Rollout> findRollout(db::Transaction& transaction, std::int64_t id) {
  db::Rows rows = transaction.query(fmt::format("{} WHERE r.id = $1", columns), {id});
  if (!rows.next()) return std::nullopt;
  return readRow(rows);
}

std::optional<Rollout> runningRollout(db::Transaction& transaction, const Asset& asset, std::string_view alias) {
  db::Rows rows = transaction.query(
      fmt::format("{} WHERE r.asset = $1 AND r.alias = $2 AND r.status IN ('running', 'paused')", columns),
      {asset.id, alias});
  if (!rows.next()) return std::nullopt;
  return readRow(rows);
}

std::vector<Rollout> activeRollouts(db::Transaction& transaction, const Asset& asset) {
  return readAll(transaction.query(
      fmt::format("{} WHERE r.asset = $1 AND r.status IN ('running', 'paused') ORDER BY r.id", columns), {asset.id}));
}

std::vector<Rollout> activeRollouts(db::Transaction& transaction, std::string_view workspace, std::int64_t before) {
  return readAll(transaction.query(
      fmt::format("{} WHERE a.workspace = $1 AND r.status IN ('running', 'paused') AND r.id < $2 ORDER BY r.id DESC",
                  columns),
      {workspace, before > 0 ? before : INT64_MAX}));
}

std::vector<Rollout> listRollouts(db::Transaction& transaction, const Asset& asset, std::string_view alias,
                                  std::size_t limit, std::int64_t before) {
  return readAll(transaction.query(
      fmt::format("{} WHERE r.asset = $1 AND (r.alias = $2 OR $2 = '') AND r.id < $3 ORDER BY r.id DESC LIMIT $4",
                  columns),
      {asset.id, alias, before > 0 ? before : INT64_MAX, limit}));
}

std::vector<Rollout> runningRollouts(db::Transaction& transaction) {
  return readAll(transaction.query(fmt::format("{} WHERE r.status = 'running' ORDER BY r.id", columns)));
}

}  // namespace regesta::registry

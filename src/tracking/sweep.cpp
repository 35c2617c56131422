#include "tracking/sweep.h"

#include <algorithm>

#include "base/error.h"
#include "base/id.h"
#include "base/time.h"
#include "db/columns.h"
#include "tracking/sweep_search.h"

namespace regesta::tracking {
namespace {

constexpr std::size_t longestConfig = 256 * 1024, longestText = 8'000;
constexpr std::size_t mostSweeps = 10'000, mostTrials = 100'000, mostAgents = 1'000;
constexpr std::string_view states[] = {"PENDING", "RUNNING", "PAUSED", "CANCELED", "FINISHED"};

constexpr std::string_view selectSweep =
    "SELECT id, experiment, name, display_name, description, config, state, seed, created_at, updated_at, created_by "
    "FROM sweep WHERE ";

Sweep readSweep(const db::Rows& rows) {
  static constexpr db::Columns at(selectSweep);
  return {.id = rows.integer(at["id"]),
          .experiment = rows.integer(at["experiment"]),
          .name = rows.text(at["name"]),
          .displayName = rows.text(at["display_name"]),
          .description = rows.text(at["description"]),
          .config = rows.text(at["config"]),
          .state = rows.text(at["state"]),
          .seed = rows.integer(at["seed"]),
          .createdAt = rows.integer(at["created_at"]),
          .updatedAt = rows.integer(at["updated_at"]),
          .createdBy = rows.text(at["created_by"])};
}

/// Letters and digits, as W&B's own ids.
std::string newName() {
  std::string name;
  for (unsigned char byte : randomBytes(8)) name += "abcdefghijklmnopqrstuvwxyz0123456789"[byte % 36];
  return name;
}

void check(const Sweep& sweep) {
  if (sweep.config.size() > longestConfig)
    throw error(Code::tooLarge, "the configuration of a sweep has at most {} bytes", longestConfig);
  if (sweep.displayName.size() > longestText || sweep.description.size() > longestText)
    throw Invalid("description", fmt::format("must have at most {} bytes", longestText));
  readSweepPlan(parseJson(sweep.config).as_object());
}

}  // namespace

Sweep createSweep(db::Transaction& transaction, Sweep made) {
  check(made);
  if (countSweeps(transaction, made.experiment) >= static_cast<std::int64_t>(mostSweeps))
    throw error(Code::tooLarge, "a project has at most {} sweeps", mostSweeps);
  made.name = newName();
  made.state = "PENDING";
  for (unsigned char byte : randomBytes(6)) made.seed = made.seed << 8 | byte;
  made.createdAt = made.updatedAt = nowMillis();
  made.id = transaction.insert(
      "INSERT INTO sweep (experiment, name, display_name, description, config, state, seed, created_at, updated_at, "
      "created_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9) RETURNING id",
      {made.experiment, made.name, made.displayName, made.description, made.config, made.state, made.seed,
       made.createdAt, made.createdBy});
  return made;
}

std::optional<Sweep> findSweep(db::Transaction& transaction, std::int64_t experiment, std::string_view name) {
  auto rows = transaction.query(std::string(selectSweep) + "experiment = $1 AND name = $2", {experiment, name});
  if (!rows.next()) return std::nullopt;
  return readSweep(rows);
}

std::optional<Sweep> findSweepById(db::Transaction& transaction, std::int64_t id) {
  auto rows = transaction.query(std::string(selectSweep) + "id = $1", {id});
  if (!rows.next()) return std::nullopt;
  return readSweep(rows);
}

std::vector<Sweep> listSweeps(db::Transaction& transaction, std::int64_t experiment) {
  std::vector<Sweep> sweeps;
  auto rows = transaction.query(std::string(selectSweep) + "experiment = $1 ORDER BY id DESC", {experiment});
  while (rows.next()) sweeps.push_back(readSweep(rows));
  return sweeps;
}

std::int64_t countSweeps(db::Transaction& transaction, std::int64_t experiment) {
  auto rows = transaction.query("SELECT COUNT(*) FROM sweep WHERE experiment = $1", {experiment});
  rows.next();
  return rows.integer(0);
}

void changeSweep(db::Transaction& transaction, const Sweep& before, Sweep after) {
  check(after);
  if (std::ranges::find(states, after.state) == std::end(states))
    throw Invalid("state", "must be RUNNING, PAUSED, CANCELED or FINISHED");
  if (before.isOver() && after.state != before.state)
    throw Invalid("state", fmt::format("cannot change any more: the sweep is {}", before.state));
  transaction.run(
      "UPDATE sweep SET display_name = $2, description = $3, config = $4, state = $5, updated_at = $6 WHERE id = $1",
      {after.id, after.displayName, after.description, after.config, after.state, nowMillis()});
}

SweepAgent createSweepAgent(db::Transaction& transaction, const Sweep& sweep, std::string_view host, std::int64_t now) {
  if (listSweepAgents(transaction, sweep).size() >= mostAgents)
    throw error(Code::tooLarge, "a sweep has at most {} agents", mostAgents);
  SweepAgent agent{
      .id = 0, .sweep = sweep.id, .host = std::string(host.substr(0, 250)), .createdAt = now, .heartbeatAt = now};
  agent.id = transaction.insert(
      "INSERT INTO sweep_agent (sweep, host, created_at, heartbeat_at) VALUES ($1, $2, $3, $3) RETURNING id",
      {agent.sweep, agent.host, now});
  return agent;
}

std::optional<SweepAgent> findSweepAgent(db::Transaction& transaction, std::int64_t id) {
  auto rows =
      transaction.query("SELECT id, sweep, host, created_at, heartbeat_at FROM sweep_agent WHERE id = $1", {id});
  if (!rows.next()) return std::nullopt;
  return SweepAgent{rows.integer(0), rows.integer(1), rows.text(2), rows.integer(3), rows.integer(4)};
}

std::vector<SweepAgent> listSweepAgents(db::Transaction& transaction, const Sweep& sweep) {
  std::vector<SweepAgent> agents;
  auto rows = transaction.query(
      "SELECT id, sweep, host, created_at, heartbeat_at FROM sweep_agent WHERE sweep = $1 ORDER BY id", {sweep.id});
  while (rows.next())
    agents.push_back({rows.integer(0), rows.integer(1), rows.text(2), rows.integer(3), rows.integer(4)});
  return agents;
}

void touchSweepAgent(db::Transaction& transaction, const SweepAgent& agent, std::int64_t now) {
  transaction.run("UPDATE sweep_agent SET heartbeat_at = $2 WHERE id = $1", {agent.id, now});
}

std::vector<SweepTrial> listSweepTrials(db::Transaction& transaction, const Sweep& sweep) {
  std::vector<SweepTrial> trials;
  auto rows = transaction.query(
      "SELECT position, agent, run, settings, given_at FROM sweep_trial WHERE sweep = $1 ORDER BY position",
      {sweep.id});
  while (rows.next())
    trials.push_back(
        {rows.integer(0), rows.integer(1), rows.text(2), parseJson(rows.view(3)).as_object(), rows.integer(4)});
  return trials;
}

SweepTrial addSweepTrial(db::Transaction& transaction, const Sweep& sweep, const SweepAgent& agent,
                         const SweepTrial* last, json::object settings, std::int64_t now) {
  SweepTrial trial{last ? last->position + 1 : 0, agent.id, newName(), std::move(settings), now};
  if (trial.position >= static_cast<std::int64_t>(mostTrials))
    throw error(Code::tooLarge, "a sweep has at most {} runs", mostTrials);
  transaction.run(
      "INSERT INTO sweep_trial (sweep, position, agent, run, settings, given_at) VALUES ($1, $2, $3, $4, $5, $6)",
      {sweep.id, trial.position, trial.agent, trial.run, writeJson(trial.settings), trial.givenAt});
  return trial;
}

}  // namespace regesta::tracking

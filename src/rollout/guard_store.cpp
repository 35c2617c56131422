#include "rollout/guard_store.h"

#include "base/json.h"
#include "db/json_items.h"

namespace regesta::rollout::guards {
namespace {

constexpr std::int64_t recalled = 5000;

}  // namespace

States load(db::Transaction& transaction, std::int64_t rollout) {
  States states;
  db::Rows rows = transaction.query("SELECT guard, arm, state FROM guard_state WHERE rollout = $1", {rollout});
  while (rows.next()) states.emplace(std::pair(rows.text(0), rows.text(1)), GuardState::parse(rows.view(2)));
  return states;
}

void save(db::Transaction& transaction, std::int64_t rollout, std::string_view guard, std::string_view arm,
          const GuardState& state) {
  transaction.run(
      "INSERT INTO guard_state (rollout, guard, arm, state) VALUES ($1, $2, $3, $4) "
      "ON CONFLICT (rollout, guard, arm) DO UPDATE SET state = excluded.state",
      {rollout, guard, arm, state.text()});
}

std::map<std::string, bool> countUnits(db::Transaction& transaction, db::Dialect dialect, std::int64_t rollout,
                                       const GuardConfig& guard, const std::set<std::string>& units, std::int64_t now) {
  std::map<std::string, bool> counted;
  if (units.empty()) return counted;
  json::array list;
  for (const std::string& unit : units) list.push_back(json::array{unit});
  db::Rows rows = transaction.query(
      fmt::format("INSERT INTO guard_unit (rollout, guard, unit, first_at, at) "
                  "SELECT CAST($1 AS BIGINT), $2, value->>0, CAST($3 AS BIGINT), CAST($3 AS BIGINT) FROM {} WHERE true "
                  "ON CONFLICT (rollout, guard, unit) DO UPDATE SET at = excluded.at "
                  "WHERE guard_unit.at <= excluded.at - CAST($4 AS BIGINT) RETURNING unit, first_at, at",
                  db::jsonItems(dialect, "$5")),
      {rollout, guard.name, now, guard.unitMillis, writeJson(list)});
  // One that is counted again in the very millisecond of its first time would look new; a window keeps that away.
  while (rows.next()) counted.emplace(rows.text(0), rows.integer(1) == rows.integer(2));
  return counted;
}

void forgetUnits(db::Transaction& transaction, std::int64_t asset) {
  transaction.run(
      "DELETE FROM guard_unit WHERE rollout IN (SELECT id FROM rollout WHERE asset = $1 AND status NOT IN "
      "('running', 'paused'))",
      {asset});
}

MeanSequence recall(db::Transaction& transaction, std::int64_t asset, std::int64_t version, const GuardConfig& guard) {
  MeanSequence sequence;
  db::Rows rows = transaction.query(
      "SELECT value FROM report WHERE asset = $1 AND number = $2 AND metric = $3 ORDER BY at DESC LIMIT $4",
      {asset, version, guard.metric, recalled});
  while (rows.next()) sequence.see(guard.mapped(rows.real(0)), guard.alpha);
  return sequence;
}

}  // namespace regesta::rollout::guards

#include "ledger/integrate.h"

#include <map>

#include "base/error.h"
#include "base/json.h"
#include "base/time.h"
#include "ledger/checkpoint.h"

namespace regesta::ledger {
namespace {

constexpr std::int64_t roundEntries = 4096;
constexpr std::size_t roundBytes = 8 * 1024 * 1024;
constexpr std::int64_t historyEveryMicros = 1'000'000;

/// Entries with neighbouring ids get neighbouring indexes in one statement.
struct Run {
  std::int64_t firstId = 0;
  std::int64_t firstIndex = 0;
  std::int64_t count = 0;
};

/// An entry whose clock was behind that of its predecessor is as old as the predecessor. Nobody has seen its hash yet.
struct Raised {
  std::int64_t id = 0;
  std::int64_t time = 0;
  std::string body;
};

std::string bodyWithTime(const Waiting& entry, std::int64_t micros) {
  json::value body = parseJson(entry.body);
  if (!body.is_object()) throw error(Code::corrupt, "the ledger entry with id {} is not a JSON object", entry.id);
  body.as_object()["time"] = formatTime(micros / 1000);
  return canonicalJson(body);
}

/// One process decides about the order at a time: whoever changes the head row from what it has read. PostgreSQL must
/// not treat these transactions as serializable, or every append that runs beside one might be taken for a conflict.
void relaxIsolation(db::Session& session, db::Dialect dialect) {
  if (dialect == db::Dialect::postgres) session.run("SET TRANSACTION ISOLATION LEVEL READ COMMITTED");
}

}  // namespace

struct Integrator::Plan {
  Head before, after;
  TileEdge edge;
  std::vector<TileEdge::Change> tiles;
  std::map<std::int64_t, std::int64_t> bundles;  ///< tile number at level 0 → bytes that are added to its bundle
  std::vector<Run> runs;
  std::vector<Raised> raised;
  std::int64_t now = 0;
  bool history = false;
};

void Integrator::signFirst() {
  std::string note = signCheckpoint({origin_, 0, emptyRoot()}, key_);
  database_.write([&](db::Session& session) {
    session.run("UPDATE ledger_head SET note = $1 WHERE id = 1 AND size = 0 AND note = ''", {note});
  });
}

Integrator::Plan Integrator::plan(const Head& head, std::vector<Waiting> waiting) const {
  Plan plan{.before = head, .after = head, .edge = edge_};
  for (Waiting& entry : waiting) {
    if (entry.time < plan.after.time) {
      entry.body = bodyWithTime(entry, plan.after.time);
      plan.raised.push_back({entry.id, plan.after.time, entry.body});
    }
    plan.after.time = std::max(plan.after.time, entry.time);
    std::int64_t index = plan.after.size++;
    if (plan.runs.empty() || plan.runs.back().firstId + plan.runs.back().count != entry.id) {
      plan.runs.push_back({entry.id, index, 0});
    }
    ++plan.runs.back().count;
    plan.bundles[index / tileWidth] += static_cast<std::int64_t>(entry.body.size()) + 2;
    plan.edge.append(leafHash(entry.body), plan.tiles);
  }
  for (auto& partial : plan.edge.partials()) {
    int level = partial.tile.level;
    if (levelSize(level, plan.after.size) != levelSize(level, head.size)) plan.tiles.push_back(std::move(partial));
  }
  plan.after.note = signCheckpoint({origin_, plan.after.size, plan.edge.root()}, key_);
  plan.now = nowMicros();
  plan.history = plan.now - historyTime_ >= historyEveryMicros || plan.now < historyTime_;
  return plan;
}

bool Integrator::apply(db::Session& session, const Plan& plan) const {
  relaxIsolation(session, database_.dialect());
  const Head &before = plan.before, &after = plan.after;
  if (session.run("UPDATE ledger_head SET size = $2, time = $3, note = $4 WHERE id = 1 AND size = $1",
                  {before.size, after.size, after.time, after.note}) == 0) {
    return false;
  }
  for (const Raised& entry : plan.raised) {
    session.run("UPDATE ledger_entry SET time = $2, body = $3 WHERE id = $1", {entry.id, entry.time, entry.body});
  }
  for (const Run& run : plan.runs) {
    std::int64_t changed =
        session.run("UPDATE ledger_entry SET idx = id - $1 WHERE id >= $2 AND id < $3 AND idx IS NULL",
                    {run.firstId - run.firstIndex, run.firstId, run.firstId + run.count});
    if (changed != run.count)
      throw error(Code::corrupt, "ledger entries from id {} on changed while they were waiting", run.firstId);
  }
  for (const auto& [tile, hashes] : plan.tiles) {
    std::optional<std::int64_t> bundle;
    if (tile.level == 0) bundle = plan.bundles.at(tile.number);
    session.run(
        "INSERT INTO ledger_tile (level, number, bundle, hashes) VALUES ($1, $2, $3, $4) ON CONFLICT (level, number) "
        "DO UPDATE SET bundle = ledger_tile.bundle + excluded.bundle, hashes = excluded.hashes",
        {tile.level, tile.number, bundle, db::Bytes{hashes}});
  }
  if (plan.history) {
    session.run("INSERT INTO ledger_checkpoint (size, time, note) VALUES ($1, $2, $3) ON CONFLICT (size) DO NOTHING",
                {after.size, plan.now, after.note});
  }
  return true;
}

Integrator::Round Integrator::round() {
  Head head;
  std::vector<Waiting> waiting;
  database_.read([&](db::Session& session) {
    head = readHead(session);
    waiting = readWaiting(session, roundEntries, roundBytes);
    if (!waiting.empty() && edge_.size() != head.size) edge_ = readEdge(session, cache_, head.size);
  });
  if (waiting.empty()) return {head, 0};
  std::size_t count = waiting.size();
  Plan made = plan(head, std::move(waiting));
  if (!database_.writing([&](db::Session& session) { return apply(session, made); })) return {head, 0};
  edge_ = std::move(made.edge);
  if (made.history) historyTime_ = made.now;
  return {std::move(made.after), count};
}

}  // namespace regesta::ledger

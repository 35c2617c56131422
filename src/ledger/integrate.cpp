#include "ledger/integrate.h"

#include <map>
#include <set>

#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/time.h"
#include "ledger/kept.h"
#include "ledger/leaf.h"

namespace regesta::ledger {
namespace {

Counter& refusedEntries() {
  static Counter& all = counter("regesta_ledger_refused_entries_total",
                                "Rows in the ledger's table that no server wrote and that were not signed.");
  return all;
}

constexpr std::int64_t roundEntries = 4096;
constexpr std::size_t roundBytes = 8 * 1024 * 1024;
constexpr std::int64_t historyEveryMicros = 1'000'000;

/// Entries with neighbouring ids get neighbouring indexes in one statement.
struct Run {
  std::int64_t firstId = 0;
  std::int64_t firstIndex = 0;
  std::int64_t count = 0;
};

/// An entry with an earlier time than its predecessor gets the predecessor's time. Its hash is not published yet.
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

}  // namespace

/// One consistent look at the database.
struct Integrator::Seen {
  Head head;
  std::vector<Waiting> waiting;
  struct Refused {
    std::int64_t id = 0;
    std::string why;
  };
  std::vector<Refused> refused;
};

struct Integrator::Plan {
  Head before, after;
  TileEdge edge;
  std::string newestSalt;
  std::vector<TileEdge::Change> tiles;
  std::map<std::int64_t, std::int64_t> bundles;  ///< tile number at level 0 → bytes that are added to its bundle
  std::vector<Run> runs;
  std::vector<Raised> raised;
  std::int64_t now = 0;
  bool history = false;
};

void Integrator::signFirst() {
  std::string note = signCheckpoint({origin_, 0, emptyRoot()}, key_);
  database_.write([&](db::Transaction& transaction) {
    transaction.run("UPDATE ledger_head SET note = $1 WHERE id = 1 AND size = 0 AND note = ''", {note});
  });
}

Integrator::Plan Integrator::plan(const Head& head, std::vector<Waiting> waiting) const {
  Plan plan{.before = head, .after = head, .edge = edge_, .newestSalt = newestSalt_};
  for (Waiting& entry : waiting) {
    if (entry.time < plan.after.time) {
      entry.body = bodyWithTime(entry, plan.after.time);
      plan.raised.push_back({entry.id, plan.after.time, entry.body});
    }
    plan.after.time = std::max(plan.after.time, entry.time);
    entry.time = plan.after.time;
    std::int64_t index = plan.after.size++;
    if (plan.runs.empty() || plan.runs.back().firstId + plan.runs.back().count != entry.id) {
      plan.runs.push_back({entry.id, index, 0});
    }
    ++plan.runs.back().count;
    std::string leaf = leafBytes(entry.id, entry.time, entry.body, entry.salt);
    plan.bundles[index / tileWidth] += static_cast<std::int64_t>(leaf.size()) + 2;
    plan.newestSalt = std::max(plan.newestSalt, entry.salt);
    plan.edge.append(leafHash(leaf), plan.tiles);
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

bool Integrator::apply(db::Transaction& transaction, const Plan& plan) const {
  // One process assigns the order at a time: the one that changes the head row from the value it read.
  const Head &before = plan.before, &after = plan.after;
  if (transaction.run("UPDATE ledger_head SET size = $2, time = $3, note = $4 WHERE id = 1 AND size = $1",
                      {before.size, after.size, after.time, after.note}) == 0) {
    return false;
  }
  for (const Raised& entry : plan.raised) {
    transaction.send("UPDATE ledger_entry SET time = $2, body = $3 WHERE id = $1", {entry.id, entry.time, entry.body});
  }
  for (const auto& [tile, hashes] : plan.tiles) {
    std::optional<std::int64_t> bundle;
    if (tile.level == 0) bundle = plan.bundles.at(tile.number);
    transaction.send(
        "INSERT INTO ledger_tile (level, number, bundle, hashes) VALUES ($1, $2, $3, $4) ON CONFLICT (level, number) "
        "DO UPDATE SET bundle = ledger_tile.bundle + excluded.bundle, hashes = excluded.hashes",
        {tile.level, tile.number, bundle, db::Bytes{hashes}});
  }
  if (plan.history) {
    transaction.send(
        "INSERT INTO ledger_checkpoint (size, time, note) VALUES ($1, $2, $3) ON CONFLICT (size) DO NOTHING",
        {after.size, plan.now, after.note});
  }
  for (const Run& run : plan.runs) {
    std::int64_t changed = transaction.run(
        "UPDATE ledger_entry SET idx = id - $1, mac = '' WHERE id >= $2 AND id < $3 AND idx IS NULL AND "
        "refused IS NULL",
        {run.firstId - run.firstIndex, run.firstId, run.firstId + run.count});
    if (changed != run.count)
      throw error(Code::corrupt, "ledger entries from id {} on changed while they were waiting", run.firstId);
  }
  return true;
}

/// Compares a head that another process signed, or that was in the database before, with what is trusted.
void Integrator::follow(db::Transaction& transaction, const Head& head) {
  if (head.note == trustedNote_ || (head.note.empty() && head.size == 0 && trusted_.size == 0)) return;
  auto checkpoint = openCheckpoint(head.note, {origin_, key_.publicKey});
  if (!checkpoint || checkpoint->size != head.size)
    throw error(Code::corrupt,
                "the head of the ledger in the database is not a checkpoint that this ledger's key signed for {} "
                "entries{}; nothing is signed on top of it. Run 'regesta ledger verify'",
                head.size, checkpoint ? "" : ": " + checkpoint.error());
  requireExtends(transaction, head.size, trusted_, "the checkpoint that this server last signed or saw");
  requireExtends(transaction, head.size, *checkpoint, "the signed checkpoint in the database");
  trusted_ = *std::move(checkpoint);
  trustedNote_ = head.note;
}

Integrator::Seen Integrator::look(db::Transaction& transaction) {
  Seen seen{.head = readHead(transaction), .waiting = {}, .refused = {}};
  follow(transaction, seen.head);
  std::vector<Waiting> found = readWaiting(transaction, roundEntries, roundBytes);
  if (found.empty()) return seen;
  if (edge_.size() != seen.head.size || newestSalt_.empty()) {
    edge_ = readEdge(transaction, cache_, seen.head.size);
    newestSalt_ = readNewestSalt(transaction);
  }
  std::set<std::string, std::less<>> salts;
  for (Waiting& entry : found) {
    std::string why = faultOf(transaction, entry, pendingKey_, newestSalt_);
    if (why.empty() && !salts.insert(entry.salt).second)
      why = "was not written by this server: it repeats another waiting entry";
    if (why.empty())
      seen.waiting.push_back(std::move(entry));
    else
      seen.refused.push_back({entry.id, std::move(why)});
  }
  return seen;
}

/// Marked, so that they are not looked at again, and kept, as evidence.
void Integrator::refuse(const Seen& seen) {
  Counter& refusals = refusedEntries();  // exists, at 0, before it counts
  if (seen.refused.empty()) return;
  std::int64_t now = nowMicros();
  database_.write([&](db::Transaction& transaction) {
    for (const auto& [id, why] : seen.refused)
      transaction.run("UPDATE ledger_entry SET refused = $2 WHERE id = $1 AND idx IS NULL", {id, now});
  });
  for (const auto& [id, why] : seen.refused) {
    refusals.add();
    log(LogLevel::error, "a ledger entry is not signed; somebody else writes to the database",
        {{"row", id}, {"why", "the row " + why}});
  }
}

Integrator::Round Integrator::round() {
  Seen seen = database_.reading([&](db::Transaction& transaction) { return look(transaction); });
  refuse(seen);
  if (seen.waiting.empty()) return {seen.head, 0};
  std::size_t count = seen.waiting.size();
  Plan made = plan(seen.head, std::move(seen.waiting));
  if (!database_.writing([&](db::Transaction& transaction) { return apply(transaction, made); })) return {seen.head, 0};
  trusted_ = {origin_, made.after.size, made.edge.root()};
  trustedNote_ = made.after.note;
  edge_ = std::move(made.edge);
  newestSalt_ = std::move(made.newestSalt);
  if (made.history) historyTime_ = made.now;
  return {std::move(made.after), count};
}

}  // namespace regesta::ledger

#include "registry/access_log.h"

#include <atomic>
#include <condition_variable>
#include <map>
#include <random>
#include <thread>

#include "base/error.h"
#include "base/log.h"
#include "base/sync.h"
#include "base/time.h"

namespace regesta::registry {
namespace {

using namespace std::chrono_literals;

constexpr auto pause = 1s;
constexpr std::size_t mostWaiting = 50'000;  // entries in memory
constexpr std::int64_t dayMillis = 86'400'000, mostDays = 36'500;
constexpr std::int64_t pruneEvery = 3600;  // flushes
constexpr std::int64_t pruneRows = 10'000;

constexpr std::string_view columns = "id, workspace, at, actor, front, action, asset, number, name, path, bytes";

AccessEntry readEntry(const db::Rows& rows) {
  return {rows.integer(0), rows.text(1),    rows.integer(2), rows.text(3), rows.text(4),    rows.text(5),
          rows.integer(6), rows.integer(7), rows.text(8),    rows.text(9), rows.integer(10)};
}

/// An entry with the version that is still to be resolved.
struct Noted {
  AccessEntry entry;
  std::string kind, asset, selector;
  std::int64_t row = 0;  ///< of the version; 0: the three name it
};

/// Finds what an entry is about; most of a flush are about few versions.
class Resolving {
 public:
  explicit Resolving(db::Transaction& transaction) : transaction_(transaction) {}

  void resolve(Noted& noted) {
    if (noted.row != 0) return resolveRow(noted);
    auto kind = parseKind(noted.kind);
    if (!kind) return;
    std::string key = fmt::format("{}\n{}\n{}\n{}", noted.entry.workspace, noted.kind, noted.asset, noted.selector);
    auto [found, isNew] = known_.try_emplace(key);
    if (isNew) {
      found->second = find({noted.entry.workspace, *kind, noted.asset}, noted.selector);
      // Prompts and models share one name space for MLflow's clients.
      if (found->second.first == 0 && *kind == Kind::model)
        found->second = find({noted.entry.workspace, Kind::prompt, noted.asset}, noted.selector);
    }
    std::tie(noted.entry.asset, noted.entry.number) = found->second;
  }

 private:
  void resolveRow(Noted& noted) {
    db::Rows rows = transaction_.query(
        "SELECT a.workspace, a.kind, a.name, a.id, v.number FROM version v JOIN asset a ON a.id = v.asset WHERE v.id = "
        "$1",
        {noted.row});
    if (!rows.next()) return;
    noted.entry.workspace = rows.text(0);
    noted.entry.name = fmt::format("{}/{}@{}", rows.view(1), rows.view(2), rows.integer(4));
    noted.entry.asset = rows.integer(3);
    noted.entry.number = rows.integer(4);
  }

  std::pair<std::int64_t, std::int64_t> find(const AssetKey& key, const std::string& selector) {
    auto asset = findAsset(transaction_, key);
    if (!asset) return {0, 0};
    try {
      return {asset->id, selector.empty() ? 0 : resolveVersion(transaction_, key, selector).number};
    } catch (const Error&) {
      return {asset->id, 0};
    }
  }

  db::Transaction& transaction_;
  std::map<std::string, std::pair<std::int64_t, std::int64_t>> known_;
};

}  // namespace

AccessLogRule setAccessLogRule(Change& change, AccessLogRule rule) {
  if (rule.percent < 0 || rule.percent > 100) throw Invalid("percent", "must be 0 to 100");
  if (rule.keepDays < 0 || rule.keepDays > mostDays) throw Invalid("keep_days", "must be 0 to 36500");
  rule.setAt = change.now;
  rule.setBy = change.actor.name;
  change.transaction.run("DELETE FROM access_log_rule WHERE workspace = $1", {rule.workspace});
  change.transaction.run(
      "INSERT INTO access_log_rule (workspace, percent, keep_days, set_at, set_by) VALUES ($1, $2, $3, $4, $5)",
      {rule.workspace, rule.percent, rule.keepDays, rule.setAt, rule.setBy});
  change.record(Action::accessLogSet, rule.workspace, "workspace/" + rule.workspace,
                {{"percent", rule.percent}, {"keep_days", rule.keepDays}});
  return rule;
}

AccessLogRule accessLogRule(db::Transaction& transaction, std::string_view workspace) {
  auto rows = transaction.query(
      "SELECT workspace, percent, keep_days, set_at, set_by FROM access_log_rule WHERE workspace = $1", {workspace});
  if (!rows.next()) return {.workspace = std::string(workspace)};
  return {rows.text(0), rows.integer(1), rows.integer(2), rows.integer(3), rows.text(4)};
}

std::vector<AccessEntry> searchAccess(db::Transaction& transaction, const AccessSearch& search) {
  std::string_view indexed = search.asset != 0 ? "asset = $2 AND number = $3" : "workspace = $1";
  auto rows = transaction.query(
      fmt::format("SELECT {} FROM access_log WHERE {} AND workspace = $1 AND ($2 = 0 OR (asset = $2 AND number = $3)) "
                  "AND ($4 = '' OR actor = $4) AND at >= $5 AND at <= $6 AND id < $7 ORDER BY id DESC LIMIT $8",
                  columns, indexed),
      {search.workspace, search.asset, search.number, search.actor, search.since, search.until, search.before,
       static_cast<std::int64_t>(search.limit)});
  std::vector<AccessEntry> entries;
  while (rows.next()) entries.push_back(readEntry(rows));
  return entries;
}

struct AccessLogger::State {
  explicit State(Store& store) : store(store) {}
  Store& store;
  struct Waiting {
    std::vector<Noted> entries;
    std::map<std::string, std::int64_t, std::less<>> lost;  ///< by workspace
    bool stop = false;
  };
  Sync<Waiting> waiting;
  struct Rules {
    std::map<std::string, AccessLogRule, std::less<>> byWorkspace;
  };
  Sync<Rules> rules;
  std::atomic<bool> any = false;
  std::condition_variable signalled;
  std::thread thread;
  std::int64_t flushes = 0;

  void readRules() {
    Rules read;
    store.read([&](db::Transaction& transaction) {
      auto rows = transaction.query("SELECT workspace, percent, keep_days FROM access_log_rule WHERE percent > 0");
      while (rows.next())
        read.byWorkspace[rows.text(0)] = {
            .workspace = rows.text(0), .percent = rows.integer(1), .keepDays = rows.integer(2)};
    });
    any.store(!read.byWorkspace.empty(), std::memory_order_relaxed);
    *rules.lock() = std::move(read);
  }

  void prune() {
    std::vector<AccessLogRule> dated;
    for (const auto& [workspace, rule] : rules.lock()->byWorkspace)
      if (rule.keepDays > 0) dated.push_back(rule);
    for (const AccessLogRule& rule : dated)
      store.write([&](db::Transaction& transaction) {
        transaction.run(
            "DELETE FROM access_log WHERE id IN (SELECT id FROM access_log WHERE workspace = $1 AND at < $2 "
            "LIMIT $3)",
            {rule.workspace, nowMillis() - rule.keepDays * dayMillis, pruneRows});
      });
  }
};

AccessLogger::AccessLogger(Store& store) : state_(std::make_unique<State>(store)) {}
AccessLogger::~AccessLogger() { stop(); }

bool AccessLogger::isOn() const { return state_->any.load(std::memory_order_relaxed); }

bool AccessLogger::wants(std::string_view workspace) const {
  auto rules = state_->rules.lock();
  auto found = rules->byWorkspace.find(workspace);
  if (found == rules->byWorkspace.end()) return false;
  static thread_local std::minstd_rand chance{std::random_device{}()};
  return found->second.percent >= 100 || static_cast<std::int64_t>(chance() % 100) < found->second.percent;
}

void AccessLogger::note(AccessEntry entry, std::string kind, std::string asset, std::string selector) {
  auto waiting = state_->waiting.lock();
  if (waiting->entries.size() >= mostWaiting)
    ++waiting->lost[entry.workspace];
  else
    waiting->entries.push_back({std::move(entry), std::move(kind), std::move(asset), std::move(selector)});
}

void AccessLogger::noteRow(AccessEntry entry, std::int64_t version) {
  auto waiting = state_->waiting.lock();
  if (waiting->entries.size() >= mostWaiting)
    ++waiting->lost[entry.workspace];
  else
    waiting->entries.push_back({std::move(entry), {}, {}, {}, version});
}

std::size_t AccessLogger::flush() {
  State& state = *state_;
  std::vector<Noted> entries;
  std::map<std::string, std::int64_t, std::less<>> lost;
  {
    auto waiting = state.waiting.lock();
    entries.swap(waiting->entries);
    lost.swap(waiting->lost);
  }
  for (const auto& [workspace, count] : lost)
    entries.push_back({{.workspace = workspace,
                        .at = nowMillis(),
                        .actor = "system:access-log",
                        .front = "",
                        .action = "lost",
                        .name = fmt::format("{} reads were not kept", count)},
                       {},
                       {},
                       {}});
  if (entries.empty()) return 0;
  state.store.read([&](db::Transaction& transaction) {
    Resolving resolving(transaction);
    for (Noted& noted : entries) resolving.resolve(noted);
  });
  std::erase_if(entries, [&](const Noted& noted) { return noted.row != 0 && !wants(noted.entry.workspace); });
  state.store.write([&](db::Transaction& transaction) {
    for (const Noted& noted : entries) {
      const AccessEntry& e = noted.entry;
      transaction.run(
          "INSERT INTO access_log (workspace, at, actor, front, action, asset, number, name, path, bytes) VALUES ($1, "
          "$2, $3, $4, $5, $6, $7, $8, $9, $10)",
          {e.workspace, e.at, e.actor, e.front, e.action, e.asset, e.number, e.name, e.path, e.bytes});
    }
  });
  return entries.size();
}

void AccessLogger::start() {
  state_->readRules();
  state_->thread = std::thread([this] {
    State& state = *state_;
    for (bool stop = false; !stop;) {
      {
        auto waiting = state.waiting.lock();
        waiting.waitFor(state.signalled, pause, [&] { return waiting->stop; });
        stop = waiting->stop;
      }
      try {
        flush();
        if (!stop) state.readRules();
        if (state.flushes++ % pruneEvery == 0) state.prune();
      } catch (const std::exception& failure) {
        log(LogLevel::warn, "the access log could not be written", {{"why", failure.what()}});
      }
    }
  });
}

void AccessLogger::stop() {
  state_->waiting.lock()->stop = true;
  state_->signalled.notify_all();
  if (state_->thread.joinable()) state_->thread.join();
}

}  // namespace regesta::registry

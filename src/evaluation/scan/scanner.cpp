#include "evaluation/scan/scanner.h"

#include "base/id.h"
#include "base/log.h"
#include "base/repeater.h"
#include "base/time.h"
#include "evaluation/scan/scan_version.h"
#include "evaluation/scan/withdraw.h"
#include "governance/gate.h"
#include "jobs/lease.h"
#include "registry/version.h"

namespace regesta::evaluation {
namespace {

using namespace std::chrono_literals;

constexpr Repeater::Pause longestPause = 5s;  // another server may have registered a version
constexpr std::int64_t leaseMillis = 60'000;
constexpr std::string_view leaseName = "scan";
constexpr std::size_t pageSize = 50;
constexpr std::int64_t settledMillis = 60'000;  // a version with a lower row may become visible this much later
constexpr std::int64_t settleEveryMillis = 10'000;

struct Waiting {
  std::int64_t id = 0;
  registry::AssetKey key;
  std::int64_t number = 0;
};

/// Versions with files and without a scan by this server, after the row `after`.
std::vector<Waiting> waiting(db::Transaction& transaction, std::int64_t after) {
  auto rows = transaction.query(
      "SELECT v.id, a.workspace, a.kind, a.name, v.number FROM version v JOIN asset a ON a.id = v.asset WHERE v.id IN "
      "(SELECT f.version FROM version_file f WHERE f.version > $1) AND v.deleted = 0 AND NOT EXISTS (SELECT 1 FROM "
      "evidence e WHERE e.version = v.id AND e.type = 'scan' AND e.origin = 'server') ORDER BY v.id LIMIT $2",
      {after, pageSize});
  std::vector<Waiting> all;
  while (rows.next())
    if (auto kind = registry::parseKind(rows.view(2)))
      all.push_back({rows.integer(0), {rows.text(1), *kind, rows.text(3)}, rows.integer(4)});
  return all;
}

/// The newest version that nothing can come before any more; `after` if there is none.
std::int64_t newestSettled(db::Transaction& transaction, std::int64_t after, std::int64_t now) {
  auto rows =
      transaction.query("SELECT MAX(id) FROM version WHERE id > $1 AND created_at < $2", {after, now - settledMillis});
  return rows.next() ? rows.maybeInteger(0).value_or(after) : after;
}

}  // namespace

struct Scanner::State {
  State(registry::Store& store, blob::BlobStore& blobs, governance::Gate& gate, Options options,
        std::function<Repeater::Pause()> round)
      : store(store),
        blobs(blobs),
        gate(gate),
        options(std::move(options)),
        holder(randomHex(8)),
        repeater("new versions could not be scanned and will be later", longestPause, std::move(round)) {}
  registry::Store& store;
  blob::BlobStore& blobs;
  governance::Gate& gate;
  Options options;
  std::string holder;
  std::int64_t scanned = 0;    ///< rows of versions up to this one are done or were tried
  std::int64_t settledAt = 0;  ///< when `scanned` was last moved past versions without files
  Repeater repeater;

  void scan(const Waiting& one) {
    auto version = store.read(
        [&](db::Transaction& transaction) { return registry::findVersion(transaction, one.key, one.number); });
    if (!version) return;
    scanVersion(store, blobs, scanActor(), *version, options.scannedBy);
    withdraw(store, gate, *version);
    gate.reconsider(one.key, one.number);
  }
};

Scanner::Scanner(registry::Store& store, blob::BlobStore& blobs, governance::Gate& gate, Options options)
    : state_(std::make_unique<State>(store, blobs, gate, std::move(options), [this] {
        round();
        return longestPause;
      })) {}
Scanner::~Scanner() { stop(); }

std::size_t Scanner::round() {
  State& state = *state_;
  jobs::RoundLease lease(state.store, leaseName, state.holder, leaseMillis);
  std::size_t count = 0;
  for (;;) {
    auto page = state.store.read([&](db::Transaction& transaction) {
      auto found = waiting(transaction, state.scanned);
      // Every change wakes the scanner: what has nothing to scan is passed once, not at each of them.
      if (std::int64_t now = nowMillis(); found.empty() && now - state.settledAt >= settleEveryMillis) {
        state.scanned = newestSettled(transaction, state.scanned, now);
        state.settledAt = now;
      }
      return found;
    });
    if (page.empty() || !lease.take()) return count;
    for (const Waiting& one : page) {
      if (state.repeater.stopping()) return count;
      try {
        state.scan(one);
        ++count;
      } catch (const std::exception& failure) {
        log(LogLevel::warn, "a version could not be scanned; it is tried again after the next start",
            {{"version", fmt::format("{}@{}", one.key.subject(), one.number)}, {"why", failure.what()}});
      }
      state.scanned = one.id;
    }
  }
}

void Scanner::start() { state_->repeater.start(); }
void Scanner::stop() { state_->repeater.stop(); }
void Scanner::wake() { state_->repeater.wake(); }

}  // namespace regesta::evaluation

#include "ledger/log.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/error.h"
#include "base/log.h"
#include "base/sync.h"
#include "base/time.h"
#include "ledger/checkpoint.h"
#include "ledger/integrate.h"
#include "ledger/publish.h"
#include "ledger/receipt.h"
#include "ledger/verify.h"

namespace regesta::ledger {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto longestPause = 1000ms;   // also without a wake(): another process may have written
constexpr auto roundEvery = 20ms;       // under load, so that a round is worth its commit
constexpr auto publishEvery = 200ms;    // under load; the database answers for what is not on disk yet
constexpr auto lookAgainAfter = 100ms;  // for an index that another process may give

}  // namespace

struct Log::State {
  State(db::Database& theDatabase, Options theOptions)
      : database(theDatabase), options(std::move(theOptions)), key{options.origin, options.key.publicKey},
        integrator(database, cache, options.origin, options.key), publisher(database, cache, options.folder) {}

  db::Database& database;
  Options options;
  VerifierKey key;
  TileCache cache;

  std::mutex turn;  ///< held by whoever integrates or publishes
  Integrator integrator;
  Publisher publisher;

  Sync<Head> head;
  std::condition_variable headChanged;

  struct Signals {
    bool wake = false, stop = false;
  };
  Sync<Signals> signals;
  std::condition_variable signalled;
  std::thread thread;

  /// Needs `turn`.
  std::size_t round() {
    auto [newHead, entries] = integrator.round();
    auto current = head.lock();
    if (newHead.size > current->size || current->note.empty()) *current = std::move(newHead);
    headChanged.notify_all();
    return entries;
  }
  /// Needs `turn`.
  void publish() { publisher.catchUp(Head(*head.lock())); }

  /// A head that covers `size`, reading the database when another process has moved on.
  Head headFor(std::int64_t size) {
    Head known = *head.lock();
    if (!known.note.empty() && size <= known.size) return known;
    Head fresh = database.reading(readHead);
    auto current = head.lock();
    if (fresh.size > current->size || current->note.empty()) *current = fresh;
    return fresh;
  }

  void checkHead(const Head& stored);
  void work();
  bool pause(Clock::time_point until);
};

/// What the tree's right edge can tell in a moment; `ledger verify` looks at everything.
void Log::State::checkHead(const Head& stored) {
  auto checkpoint = openCheckpoint(stored.note, key);
  if (!checkpoint) {
    throw error(Code::corrupt, "the database's ledger was not signed by this ledger's key {}: {}. The key file and the database belong "
                "together; put the right ones together again", key.text(), checkpoint.error());
  }
  if (checkpoint->size != stored.size) {
    throw error(Code::corrupt, "the database says that the ledger has {} entries, its signed checkpoint says {}. Run 'regesta ledger verify'",
                stored.size, checkpoint->size);
  }
  database.read([&](db::Session& session) {
    checkLastEntries(session, stored.size);
    Hash root = readEdge(session, cache, stored.size).root();
    if (root == checkpoint->root) return;
    throw error(Code::corrupt, "the database's ledger of {} entries has the root {}, its signed checkpoint says {}. Run 'regesta ledger verify'",
                stored.size, crypto::hex(root), crypto::hex(checkpoint->root));
  });
}

/// False when it is time to stop.
bool Log::State::pause(Clock::time_point until) {
  auto guard = signals.lock();
  guard.waitFor(signalled, until - Clock::now(), [&] { return guard->wake || guard->stop; });
  guard->wake = false;
  return !guard->stop;
}

void Log::State::work() {
  auto mayPublish = Clock::now();
  bool running = true;
  while (running) {
    auto began = Clock::now(), next = began + longestPause;
    try {
      std::lock_guard mine(turn);
      while (round() > 0) {}
      bool behind = publisher.behind(Head(*head.lock()));
      if (behind && began >= mayPublish) {
        publish();
        mayPublish = Clock::now() + publishEvery;
      } else if (behind) {
        next = mayPublish;
      }
    } catch (const std::exception& failure) {
      log(LogLevel::error, "the ledger could not go on and will try again", {{"why", failure.what()}});
      auto guard = signals.lock();
      guard.waitFor(signalled, longestPause, [&] { return guard->stop; });
    }
    running = pause(next);
    if (running) {
      auto guard = signals.lock();
      guard.waitFor(signalled, began + roundEvery - Clock::now(), [&] { return guard->stop; });
    }
  }
}

Log::Log(db::Database& database, Options options) : state_(std::make_unique<State>(database, std::move(options))) {
  if (!isKeyName(state_->options.origin)) {
    throw error(Code::invalid, "the ledger's origin '{}' must not be empty nor have spaces or '+'", state_->options.origin);
  }
}
Log::~Log() { stop(); }

void Log::recover() {
  State& s = *state_;
  std::lock_guard mine(s.turn);
  auto published = s.publisher.checkpointFile();
  Head stored = s.database.reading(readHead);
  if (stored.note.empty() && stored.size == 0) {
    s.integrator.signFirst();
    stored = s.database.reading(readHead);
  }
  s.checkHead(stored);
  steadyNowNeverBefore(stored.time);
  s.publisher.refuseFork(published, stored, s.key);
  s.publisher.repair(stored);
  *s.head.lock() = stored;
  while (s.round() > 0) {}
  s.publish();
}

void Log::start() {
  if (!state_->thread.joinable()) state_->thread = std::thread([this] { state_->work(); });
}

void Log::stop() {
  if (!state_->thread.joinable()) return;
  state_->signals.lock()->stop = true;
  state_->signalled.notify_all();
  state_->thread.join();
  state_->signals.lock()->stop = false;
}

void Log::wake() {
  state_->signals.lock()->wake = true;
  state_->signalled.notify_all();
}

std::size_t Log::integrate() {
  std::lock_guard mine(state_->turn);
  std::size_t entries = state_->round();
  state_->publish();
  return entries;
}

std::string Log::verifierKey() const { return state_->key.text(); }
std::string Log::checkpoint() { return state_->headFor(0).note; }
std::int64_t Log::size() { return state_->headFor(0).size; }

std::optional<std::string> Log::tile(int level, std::int64_t number, int width) {
  if (level < 0 || level > highestLevel || number < 0 || number >= levelSize(level, INT64_MAX) / tileWidth || width < 1 || width > tileWidth) return std::nullopt;
  std::int64_t leaves = (number * tileWidth + width) << (8 * level);
  if (leaves > state_->headFor(leaves).size) return std::nullopt;
  std::string hashes = state_->database.reading([&](db::Session& session) { return state_->cache.read(session, {level, number, width}); });
  hashes.resize(static_cast<std::size_t>(width) * hashBytes);
  return hashes;
}

std::optional<std::string> Log::entryBundle(std::int64_t number, int width) {
  if (number < 0 || number >= INT64_MAX / tileWidth - 1 || width < 1 || width > tileWidth) return std::nullopt;
  std::int64_t begin = number * tileWidth, end = begin + width;
  if (end > state_->headFor(end).size) return std::nullopt;
  return encodeBundle(state_->database.reading([&](db::Session& session) { return readBodies(session, begin, end); }));
}

std::optional<Logged> Log::entry(std::int64_t index) {
  return state_->database.reading([&](db::Session& session) -> std::optional<Logged> {
    db::Rows rows = session.query("SELECT id, body FROM ledger_entry WHERE idx = $1", {index});
    if (index < 0 || !rows.next()) return std::nullopt;
    return Logged{index, rows.integer(0), rows.text(1)};
  });
}

std::optional<std::int64_t> Log::indexOf(std::int64_t id, int timeoutMillis) {
  auto deadline = Clock::now() + std::chrono::milliseconds(timeoutMillis);
  for (;;) {
    std::int64_t seen = state_->head.lock()->size;
    bool known = false;
    auto index = state_->database.reading([&](db::Session& session) -> std::optional<std::int64_t> {
      db::Rows rows = session.query("SELECT idx FROM ledger_entry WHERE id = $1", {id});
      known = rows.next();
      return known ? rows.maybeInteger(0) : std::nullopt;
    });
    auto now = Clock::now();
    if (index || !known || now >= deadline) return index;
    wake();
    auto guard = state_->head.lock();
    guard.waitFor(state_->headChanged, std::min<Clock::duration>(lookAgainAfter, deadline - now), [&] { return guard->size != seen; });
  }
}

std::vector<crypto::Hash> Log::inclusionProof(std::int64_t index, std::int64_t treeSize) {
  if (treeSize < 0 || treeSize > state_->headFor(treeSize).size) {
    throw error(Code::notFound, "the ledger has {} entries, not {}", state_->headFor(treeSize).size, treeSize);
  }
  if (index < 0 || index >= treeSize) throw error(Code::notFound, "a tree of {} entries has no entry {}", treeSize, index);
  return state_->database.reading([&](db::Session& session) { return ledger::inclusionProof(index, treeSize, state_->cache.nodes(session)); });
}

std::vector<crypto::Hash> Log::consistencyProof(std::int64_t from, std::int64_t to) {
  if (to > state_->headFor(to).size) throw error(Code::notFound, "the ledger has {} entries, not {}", state_->headFor(to).size, to);
  if (from < 0 || from > to) throw error(Code::invalid, "a consistency proof goes from a smaller to a larger size, not from {} to {}", from, to);
  return state_->database.reading([&](db::Session& session) { return ledger::consistencyProof(from, to, state_->cache.nodes(session)); });
}

std::string Log::receipt(std::int64_t index) {
  Head head = state_->headFor(index + 1);
  if (index < 0 || index >= head.size) throw error(Code::notFound, "the ledger has no entry {}", index);
  return formatReceipt({.extra = {}, .index = index, .proof = inclusionProof(index, head.size), .note = head.note});
}

}  // namespace regesta::ledger

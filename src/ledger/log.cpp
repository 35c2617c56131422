#include "ledger/log.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/sync.h"
#include "base/time.h"
#include "ledger/checkpoint.h"
#include "ledger/integrate.h"
#include "ledger/kept.h"
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
      : database(theDatabase),
        options(std::move(theOptions)),
        key{options.origin, options.key.publicKey},
        integrator(database, cache, options.origin, options.key),
        publisher(database, cache, options.folder) {}

  db::Database& database;
  Options options;
  VerifierKey key;
  TileCache cache;

  std::mutex integrating;  ///< held while `integrator` is used
  Integrator integrator;
  std::mutex publishing;  ///< held while `publisher` is used; never taken before `integrating`
  Publisher publisher;

  Sync<Head> head;              ///< the newest that is known, for readers
  Sync<Head> trusted;           ///< the newest that the integrator vouches for: what may be kept and published
  Sync<std::string> published;  ///< the note of the newest head whose files are written
  Witnessing* witnessing = nullptr;
  Timestamping* timestamping = nullptr;
  Sync<std::pair<std::string, std::int64_t>> cosigned{{"", -1}};  ///< note and size
  std::string kept;                                               ///< the note in options.keptFile; needs `publishing`
  std::condition_variable headChanged;

  struct Signals {
    bool wake = false, stop = false, moved = false;  ///< moved: the head did, so there is something to publish
  };
  Sync<Signals> signals;
  std::condition_variable signalled;
  /// A separate thread writes the files, so that slow disks do not delay the assignment of indexes.
  std::thread integratorThread, publisherThread;

  /// Needs `integrating`.
  std::size_t round() {
    auto [newHead, entries] = integrator.round();
    bool moved = false;
    *trusted.lock() = newHead;
    {
      auto current = head.lock();
      moved = newHead.size > current->size || current->note.empty();
      if (moved) *current = std::move(newHead);
    }
    if (moved) {
      headChanged.notify_all();
      signals.lock()->moved = true;
      signalled.notify_all();
    }
    if (entries > 0 && options.grew) options.grew();
    return entries;
  }
  void publish() {
    std::lock_guard mine(publishing);
    Head newest(*trusted.lock());
    // First, so that no published checkpoint is unknown to this server.
    if (!options.keptFile.empty() && newest.note != kept && !newest.note.empty()) {
      file::replaceFiles({{options.keptFile, newest.note}});
      kept = newest.note;
    }
    publisher.catchUp(newest);
    *published.lock() = std::move(newest.note);
  }
  /// Everything committed gets its index and is in the files.
  void catchUp() {
    {
      std::lock_guard mine(integrating);
      while (round() > 0) {
      }
    }
    publish();
  }

  /// A head that covers `size`, reading the database when another process has moved on.
  Head headFor(std::int64_t size) {
    Head known = *head.lock();
    if (!known.note.empty() && size <= known.size) return known;
    Head fresh = database.reading(readHead);
    if (auto opened = openCheckpoint(fresh.note, key); !opened || opened->size != fresh.size)
      throw error(Code::corrupt, "the head of the ledger in the database was not signed by this ledger's key {}",
                  key.text());
    auto current = head.lock();
    if (fresh.size > current->size || current->note.empty()) *current = fresh;
    return fresh;
  }

  void checkHead(const Head& stored);
  /// The head whose check succeeded: another server may add entries between the reading of a head and its check.
  Head checkedHead(Head stored);
  void checkKeptCheckpoint(const Head& stored);
  void integrateUntilStopped();
  void publishUntilStopped();
  template <class Predicate>
  void pause(Clock::duration limit, Predicate enough) {
    auto guard = signals.lock();
    guard.waitFor(signalled, limit, [&] { return guard->stop || enough(*guard); });
  }
  /// Runs a round of either thread; failures are logged and the round is tried again.
  template <class Work>
  void attempt(std::string_view what, Work work) {
    try {
      work();
    } catch (const std::exception& failure) {
      log(LogLevel::error, what, {{"why", failure.what()}});
      pause(longestPause, [](const Signals&) { return false; });
    }
  }
};

/// What the tree's right edge can tell in a moment; `ledger verify` looks at everything.
void Log::State::checkHead(const Head& stored) {
  auto checkpoint = openCheckpoint(stored.note, key);
  if (!checkpoint)
    throw error(
        Code::corrupt,
        "the database's ledger was not signed by this ledger's key {}: {}. The key file and the database belong "
        "together; restore the ones that match. If another server uses this database, copy its keys/ledger.key here",
        key.text(), checkpoint.error());
  if (checkpoint->size != stored.size)
    throw error(
        Code::corrupt,
        "the database says that the ledger has {} entries, its signed checkpoint says {}. Run 'regesta ledger verify'",
        stored.size, checkpoint->size);
  database.read([&](db::Transaction& transaction) {
    checkLastEntries(transaction, stored.size);
    Hash root = readEdge(transaction, cache, stored.size).root();
    if (root == checkpoint->root) return;
    throw error(Code::corrupt,
                "the database's ledger of {} entries has the root {}, its signed checkpoint says {}. Run 'regesta "
                "ledger verify'",
                stored.size, crypto::hex(root), crypto::hex(checkpoint->root));
  });
}

Head Log::State::checkedHead(Head stored) {
  for (;;) try {
      checkHead(stored);
      return stored;
    } catch (const Error&) {
      Head now = database.reading(readHead);
      if (now.size == stored.size) throw;
      stored = std::move(now);
    }
}

void Log::State::checkKeptCheckpoint(const Head& stored) {
  if (kept.empty()) return;
  database.read([&](db::Transaction& transaction) {
    requireExtends(transaction, stored.size, openCheckpoint(kept, key).value(),
                   "the kept checkpoint " + options.keptFile);
  });
}

void Log::State::integrateUntilStopped() {
  while (!signals.lock()->stop) {
    auto began = Clock::now();
    signals.lock()->wake = false;
    attempt("the ledger could not give indexes and will try again", [this] {
      std::lock_guard mine(integrating);
      while (round() > 0) {
      }
    });
    pause(longestPause, [](const Signals& now) { return now.wake; });
    pause(began + roundEvery - Clock::now(), [](const Signals&) { return false; });
  }
}

void Log::State::publishUntilStopped() {
  while (!signals.lock()->stop) {
    pause(longestPause, [](const Signals& now) { return now.moved; });
    signals.lock()->moved = false;
    attempt("the ledger could not write its files and will try again", [this] { publish(); });
    pause(publishEvery, [](const Signals&) { return false; });
  }
}

Log::Log(db::Database& database, Options options) : state_(std::make_unique<State>(database, std::move(options))) {
  if (!isKeyName(state_->options.origin))
    throw error(Code::invalid, "the ledger's origin '{}' must not be empty nor have spaces or '+'",
                state_->options.origin);
}
Log::~Log() { stop(); }

void Log::recover() {
  State& s = *state_;
  std::lock_guard mine(s.integrating);
  auto published = s.publisher.checkpointFile();
  Head stored = s.database.reading(readHead);
  s.kept = readKeptNote(s.options.keptFile, s.key).value_or("");
  if (!s.kept.empty()) file::settle(s.options.keptFile);
  if (stored.note.empty() && stored.size == 0) {
    s.checkKeptCheckpoint(stored);
    s.integrator.signFirst();
    stored = s.database.reading(readHead);
  }
  stored = s.checkedHead(std::move(stored));
  s.checkKeptCheckpoint(stored);
  steadyNowNeverBefore(stored.time);
  {
    std::lock_guard files(s.publishing);
    s.publisher.refuseFork(published, stored, s.key);
    s.publisher.repair(stored);
  }
  if (s.options.adoptWaiting)
    if (std::int64_t adopted = adoptWaiting(s.database, s.integrator.pendingKey()); adopted > 0)
      log(LogLevel::info, "ledger entries that the former version left waiting are adopted", {{"entries", adopted}});
  *s.head.lock() = stored;
  s.integrator.trust(openCheckpoint(stored.note, s.key).value());
  while (s.round() > 0) {
  }
  s.publish();
}

void Log::start() {
  State& s = *state_;
  if (s.integratorThread.joinable()) return;
  s.integratorThread = std::thread([&s] { s.integrateUntilStopped(); });
  s.publisherThread = std::thread([&s] { s.publishUntilStopped(); });
}

void Log::stop() {
  State& s = *state_;
  if (!s.integratorThread.joinable()) return;
  s.signals.lock()->stop = true;
  s.signalled.notify_all();
  s.integratorThread.join();
  s.publisherThread.join();
  s.signals.lock()->stop = false;
  s.attempt("the ledger is behind what is committed; the next start catches up", [&s] { s.catchUp(); });
}

void Log::wake() {
  state_->signals.lock()->wake = true;
  state_->signalled.notify_all();
}

std::size_t Log::integrate() {
  std::size_t entries = 0;
  {
    std::lock_guard mine(state_->integrating);
    entries = state_->round();
  }
  state_->publish();
  return entries;
}

std::string Log::verifierKey() const { return state_->key.text(); }
const crypto::MacKey& Log::pendingKey() const { return state_->integrator.pendingKey(); }
std::string Log::keptCheckpoint() {
  std::lock_guard mine(state_->publishing);
  return state_->kept;
}
std::string Log::checkpoint() { return state_->headFor(0).note; }
std::string Log::publishedCheckpoint() {
  std::string note = *state_->published.lock();
  return note.empty() ? checkpoint() : note;
}
std::int64_t Log::size() { return state_->headFor(0).size; }
std::int64_t Log::sizeAtLeast(std::int64_t least) { return state_->headFor(least).size; }

void Log::setCosigned(std::string note, std::int64_t size) {
  auto cosigned = state_->cosigned.lock();
  if (size >= cosigned->second) *cosigned = {std::move(note), size};
}
void Log::attach(Witnessing* witnessing, Timestamping* timestamping) {
  state_->witnessing = witnessing;
  state_->timestamping = timestamping;
}
Witnessing* Log::witnessing() const { return state_->witnessing; }
Timestamping* Log::timestamping() const { return state_->timestamping; }
std::string Log::attestationSecret() const {
  return crypto::hmacSha256(state_->options.key.seed, "regesta attestation key v1");
}
std::string Log::cosignedCheckpoint() { return state_->cosigned.lock()->first; }

std::optional<std::string> Log::tile(int level, std::int64_t number, int width) {
  if (level < 0 || level > highestLevel || number < 0 || number >= levelSize(level, INT64_MAX) / tileWidth ||
      width < 1 || width > tileWidth)
    return std::nullopt;
  std::int64_t leaves = (number * tileWidth + width) << (8 * level);
  if (leaves > state_->headFor(leaves).size) return std::nullopt;
  std::string hashes = state_->database.reading(
      [&](db::Transaction& transaction) { return state_->cache.read(transaction, {level, number, width}); });
  hashes.resize(static_cast<std::size_t>(width) * hashBytes);
  return hashes;
}

std::optional<std::string> Log::entryBundle(std::int64_t number, int width) {
  if (number < 0 || number >= INT64_MAX / tileWidth - 1 || width < 1 || width > tileWidth) return std::nullopt;
  std::int64_t begin = number * tileWidth, end = begin + width;
  if (end > state_->headFor(end).size) return std::nullopt;
  return encodeBundle(leavesOf(
      state_->database.reading([&](db::Transaction& transaction) { return readEntries(transaction, begin, end); })));
}

std::optional<Logged> Log::entry(std::int64_t index) {
  return state_->database.reading([&](db::Transaction& transaction) -> std::optional<Logged> {
    db::Rows rows =
        transaction.query(fmt::format("SELECT {} FROM ledger_entry WHERE idx = $1", loggedColumns), {index});
    if (index < 0 || !rows.next()) return std::nullopt;
    return readLogged(rows);
  });
}

std::optional<std::int64_t> Log::indexOf(std::int64_t id, int timeoutMillis) {
  auto deadline = Clock::now() + std::chrono::milliseconds(timeoutMillis);
  for (;;) {
    std::int64_t seen = state_->head.lock()->size;
    bool known = false;
    auto index = state_->database.reading([&](db::Transaction& transaction) -> std::optional<std::int64_t> {
      db::Rows rows = transaction.query("SELECT idx FROM ledger_entry WHERE id = $1", {id});
      known = rows.next();
      return known ? rows.maybeInteger(0) : std::nullopt;
    });
    auto now = Clock::now();
    if (index || !known || now >= deadline) return index;
    wake();
    auto guard = state_->head.lock();
    guard.waitFor(state_->headChanged, std::min<Clock::duration>(lookAgainAfter, deadline - now),
                  [&] { return guard->size != seen; });
  }
}

std::vector<crypto::Hash> Log::inclusionProof(std::int64_t index, std::int64_t treeSize) {
  if (treeSize < 0 || treeSize > state_->headFor(treeSize).size) {
    throw error(Code::notFound, "the ledger has {} entries, not {}", state_->headFor(treeSize).size, treeSize);
  }
  if (index < 0 || index >= treeSize)
    throw error(Code::notFound, "a tree of {} entries has no entry {}", treeSize, index);
  return state_->database.reading([&](db::Transaction& transaction) {
    return ledger::inclusionProof(index, treeSize, state_->cache.nodes(transaction));
  });
}

std::vector<crypto::Hash> Log::consistencyProof(std::int64_t from, std::int64_t to) {
  if (to > state_->headFor(to).size)
    throw error(Code::notFound, "the ledger has {} entries, not {}", state_->headFor(to).size, to);
  if (from < 0 || from > to)
    throw error(Code::invalid, "a consistency proof goes from a smaller to a larger size, not from {} to {}", from, to);
  return state_->database.reading([&](db::Transaction& transaction) {
    return ledger::consistencyProof(from, to, state_->cache.nodes(transaction));
  });
}

std::string Log::receipt(std::int64_t index) { return receipts({index}).front(); }

std::vector<std::string> Log::receipts(const std::vector<std::int64_t>& indexes) {
  if (indexes.empty()) return {};
  auto [lowest, highest] = std::ranges::minmax(indexes);
  Head head = state_->headFor(highest + 1);
  if (lowest < 0 || highest >= head.size)
    throw error(Code::notFound, "the ledger has no entry {}", lowest < 0 ? lowest : highest);
  if (auto [note, size] = *state_->cosigned.lock(); size > highest) {
    head.size = size;
    head.note = std::move(note);
  }
  return state_->database.reading([&](db::Transaction& transaction) {
    NodeReader nodes = state_->cache.nodes(transaction);
    std::vector<std::string> receipts;
    for (std::int64_t index : indexes)
      receipts.push_back(formatReceipt({{}, index, ledger::inclusionProof(index, head.size, nodes), head.note}));
    return receipts;
  });
}

}  // namespace regesta::ledger

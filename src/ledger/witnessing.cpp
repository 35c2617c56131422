#include "ledger/witnessing.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/repeater.h"
#include "base/sync.h"
#include "base/time.h"
#include "ledger/kept.h"

namespace regesta::ledger {
namespace {

using namespace std::chrono_literals;
using Kind = WitnessOutcome::Kind;

constexpr std::int64_t clockTolerance = 3600;  // seconds by which a witness's clock may be behind
constexpr auto shortestPause = 500ms;          // however many wait for a cosignature
constexpr std::int64_t keepAllSeconds = 3600;  // older cosigned checkpoints are thinned out to one per hour

std::int64_t sizeOf(const std::string& note) { return parseCheckpoint(parseNote(note).value().text).value().size; }

void keepCosigned(db::Transaction& transaction, std::int64_t size, std::int64_t time, bool quorum,
                  const std::string& note) {
  transaction.run(
      "INSERT INTO ledger_cosigned (size, time, quorum, note) VALUES ($1, $2, $3, $4) ON CONFLICT (size) DO UPDATE SET "
      "time = excluded.time, quorum = excluded.quorum, note = excluded.note WHERE excluded.quorum >= "
      "ledger_cosigned.quorum",
      {size, time, quorum ? 1 : 0, note});
  transaction.run(
      "DELETE FROM ledger_cosigned WHERE time < $1 AND time >= $2 AND EXISTS (SELECT 1 FROM ledger_cosigned later "
      "WHERE later.size > ledger_cosigned.size AND later.quorum = 1 AND later.time / 3600 = ledger_cosigned.time / "
      "3600)",
      {time - keepAllSeconds, time - 3 * keepAllSeconds});
}

std::string labelOf(const Witness& witness) { return fmt::format("witness=\"{}\"", witness.key.name); }

Counter& cosignatures(const Witness& witness) {
  return counter("regesta_witness_cosignatures_total", "Checkpoints that a witness cosigned.", labelOf(witness));
}

Counter& witnessFailures(const Witness& witness) {
  return counter("regesta_witness_failures_total", "Requests that a witness did not answer with a cosignature.",
                 labelOf(witness));
}

}  // namespace

struct Witnessing::Parts {
  struct Peer {
    Witness witness;
    PostToWitness post;
    std::int64_t seen = 0;
    WitnessOutcome outcome{};
  };
  struct Known {
    std::string note;  ///< the newest with enough cosignatures
    std::int64_t size = -1, time = 0;
    std::vector<State> states;
  };

  Parts(db::Database& theDatabase, Log& theLog, Options theOptions)
      : database(theDatabase),
        log(theLog),
        options(std::move(theOptions)),
        key(parseVerifierKey(log.verifierKey()).value()),
        repeater("the witnesses could not be asked and will be asked again", options.every, [this] {
          if (std::chrono::steady_clock::now() - lastEnd.load() >= shortestPause) asked(rounds());
          return options.every;
        }) {
    for (const Witness& witness : options.policy.witnesses()) {
      if (witness.url.empty()) continue;
      peers.push_back({witness, options.connect(witness)});
      cosignatures(witness);  // counted from 0
      witnessFailures(witness);
      known.lock()->states.push_back({.name = witness.name, .url = witness.url});
    }
  }

  /// Asks all witnesses for the newest published checkpoint, at the same time. Needs `asking`.
  bool rounds();
  void asked(bool moved) {
    if (moved) grown.notify_all();
  }
  bool isDue(const std::string& note);
  void take(const std::string& note, std::int64_t size);
  void note(const Peer& peer, State& state, std::int64_t size) const;

  db::Database& database;
  Log& log;
  Options options;
  VerifierKey key;
  std::mutex asking;  ///< held while `peers` are used
  std::vector<Peer> peers;
  std::string lastNote;  ///< asked about last; needs `asking`
  std::chrono::steady_clock::time_point lastRound{};
  std::atomic<std::chrono::steady_clock::time_point> lastEnd{};
  Sync<Known> known;
  std::condition_variable grown;
  Repeater repeater;
};

bool Witnessing::Parts::isDue(const std::string& newest) {
  if (newest != lastNote) return true;
  bool failed = std::ranges::any_of(peers, [](const Peer& peer) { return peer.outcome.kind != Kind::cosigned; });
  auto waited = std::chrono::steady_clock::now() - lastRound;
  return waited >=
         (failed ? std::min<std::chrono::milliseconds>(options.refresh, 12 * options.every) : options.refresh);
}

bool Witnessing::Parts::rounds() {
  std::lock_guard mine(asking);
  std::string newest = log.publishedCheckpoint();
  if (peers.empty() || !isDue(newest)) return false;
  std::int64_t size = sizeOf(newest), oldest = nowMillis() / 1000 - clockTolerance;
  lastNote = newest;
  lastRound = std::chrono::steady_clock::now();
  ProveConsistency prove = [this](std::int64_t from, std::int64_t to) { return log.consistencyProof(from, to); };
  std::vector<std::thread> threads;
  for (Peer& peer : peers)
    threads.emplace_back([&] { peer.outcome = askWitness(peer.witness, newest, peer.seen, oldest, prove, peer.post); });
  for (std::thread& thread : threads) thread.join();
  for (Peer& peer : peers) peer.seen = peer.outcome.size;
  take(newest, size);
  lastEnd = std::chrono::steady_clock::now();
  return true;
}

void Witnessing::Parts::note(const Peer& peer, State& state, std::int64_t size) const {
  std::string label = labelOf(peer.witness);
  const WitnessOutcome& outcome = peer.outcome;
  bool good = outcome.kind == Kind::cosigned;
  // Another server on this database may have been faster.
  bool ahead = outcome.kind == Kind::ahead && outcome.size > log.sizeAtLeast(outcome.size);
  bool conflict = outcome.kind == Kind::refused || ahead;
  (good ? cosignatures(peer.witness) : witnessFailures(peer.witness)).add();
  gauge("regesta_witness_conflict", "1 while a witness refuses the log as a contradiction of what it has seen.", label)
      .set(conflict ? 1 : 0);
  if (good) {
    state.size = size;
    state.time = outcome.time;
    gauge("regesta_witness_size", "Entries of the newest checkpoint that a witness cosigned.", label).set(size);
  }
  std::string fault = good || (outcome.kind == Kind::ahead && !ahead) ? "" : outcome.why;
  if (fault != state.fault && !fault.empty())
    regesta::log(conflict ? LogLevel::error : LogLevel::warn,
                 conflict ? "a witness has seen another history of the ledger: the database was altered or restored"
                          : "a witness did not cosign the checkpoint",
                 {{"witness", peer.witness.name}, {"url", peer.witness.url}, {"why", fault}});
  state.fault = std::move(fault);
  state.conflict = conflict;
}

void Witnessing::Parts::take(const std::string& newest, std::int64_t size) {
  std::string cosigned = newest;
  std::int64_t time = 0;
  {
    auto now = known.lock();
    for (std::size_t i = 0; i < peers.size(); ++i) note(peers[i], now->states[i], size);
  }
  for (const Peer& peer : peers) {
    if (peer.outcome.kind != Kind::cosigned) continue;
    cosigned += peer.outcome.line;
    time = std::max(time, peer.outcome.time);
  }
  if (time == 0) return;
  auto opened = openCosigned(cosigned, key, options.policy);
  bool quorum = opened.has_value() && options.policy.hasQuorum();
  database.write([&](db::Transaction& transaction) { keepCosigned(transaction, size, time, quorum, cosigned); });
  if (!quorum) return;
  if (!options.file.empty()) file::replaceFiles({{options.file, cosigned}});
  gauge("regesta_ledger_cosigned_size", "Entries of the newest checkpoint with enough cosignatures.").set(size);
  gauge("regesta_ledger_cosigned_timestamp_seconds", "When the newest checkpoint had enough cosignatures.")
      .set(opened->time);
  auto now = known.lock();
  if (size < now->size) return;
  now->note = cosigned;
  now->size = size;
  now->time = opened->time;
  log.setCosigned(cosigned, size);
}

Witnessing::Witnessing(db::Database& database, Log& log, Options options)
    : parts_(std::make_unique<Parts>(database, log, std::move(options))) {}
Witnessing::~Witnessing() { stop(); }

void Witnessing::open() {
  Parts& p = *parts_;
  auto notes = p.database.reading([](db::Transaction& transaction) { return readCosignedNotes(transaction, 100); });
  for (const std::string& note : notes) {
    auto opened = openCosigned(note, p.key, p.options.policy);
    if (!opened || !p.options.policy.hasQuorum()) continue;  // under an earlier policy
    p.database.read([&](db::Transaction& transaction) {
      requireExtends(transaction, p.log.size(), opened->checkpoint, "a checkpoint that witnesses cosigned");
    });
    {
      auto known = p.known.lock();
      known->note = note;
      known->size = opened->checkpoint.size;
      known->time = opened->time;
    }
    p.log.setCosigned(note, opened->checkpoint.size);
    break;
  }
  p.rounds();
  std::lock_guard mine(p.asking);
  for (const Parts::Peer& peer : p.peers) {
    if (peer.outcome.kind != Kind::ahead || peer.outcome.size <= p.log.sizeAtLeast(peer.outcome.size)) continue;
    throw error(Code::corrupt,
                "the witness {} ({}) has cosigned a checkpoint of {} entries of this ledger; the database has {}. {}. "
                "A witness does not cosign a log that was put back: agree with its operator, or remove it from the "
                "witness policy",
                peer.witness.name, peer.witness.url, peer.outcome.size, p.log.size(), afterRestore);
  }
}

void Witnessing::start() { parts_->repeater.start(); }
void Witnessing::stop() { parts_->repeater.stop(); }
void Witnessing::round() { parts_->asked(parts_->rounds()); }

const WitnessPolicy& Witnessing::policy() const { return parts_->options.policy; }
std::string Witnessing::cosigned() { return parts_->known.lock()->note; }

std::optional<std::string> Witnessing::cosignedFrom(std::int64_t size, int timeoutMillis) {
  if (!parts_->options.policy.hasQuorum() || parts_->peers.empty()) return std::nullopt;
  auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeoutMillis);
  auto known = parts_->known.lock();
  while (known->size < size) {
    auto now = std::chrono::steady_clock::now();
    if (now >= deadline) return std::nullopt;
    parts_->repeater.wake();
    known.waitFor(parts_->grown, std::min<std::chrono::nanoseconds>(deadline - now, 300ms),
                  [&] { return known->size >= size; });
  }
  return known->note;
}

Witnessing::Summary Witnessing::summary() {
  auto known = parts_->known.lock();
  Summary summary{parts_->options.policy.description(), std::max<std::int64_t>(known->size, 0), known->time, false,
                  known->states};
  for (const State& state : summary.witnesses) summary.conflict = summary.conflict || state.conflict;
  return summary;
}

std::vector<std::string> readCosignedNotes(db::Transaction& transaction, std::int64_t limit) {
  std::vector<std::string> notes;
  db::Rows rows = transaction.query("SELECT note FROM ledger_cosigned ORDER BY size DESC LIMIT $1", {limit});
  while (rows.next()) notes.push_back(rows.text(0));
  return notes;
}

}  // namespace regesta::ledger

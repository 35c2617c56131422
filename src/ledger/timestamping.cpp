#include "ledger/timestamping.h"

#include <algorithm>
#include <mutex>

#include "base/error.h"
#include "base/id.h"
#include "base/metrics.h"
#include "base/repeater.h"
#include "base/sync.h"
#include "crypto/timestamp.h"
#include "ledger/checkpoint.h"

namespace regesta::ledger {
namespace {

using namespace std::chrono_literals;

constexpr auto pauseAfterFailure = 60s;
constexpr auto pauseWithoutEntries = 5s;
constexpr std::size_t nonceBytes = 8;

}  // namespace

struct Timestamping::Parts {
  Counter& failures = counter("regesta_ledger_timestamp_failures_total", "Requests for a timestamp that failed.");

  Parts(db::Database& theDatabase, Log& theLog, Options theOptions)
      : database(theDatabase),
        log(theLog),
        options(std::move(theOptions)),
        repeater("the ledger's checkpoint got no timestamp and will be tried again", pauseAfterFailure, [this] {
          return round() ? options.every : std::min<Repeater::Pause>(options.every, pauseWithoutEntries);
        }) {}

  std::pair<std::string, crypto::Timestamp> stamp(const std::string& note) {
    std::lock_guard mine(posting);
    try {
      std::string nonce = randomBytes(nonceBytes);
      nonce[0] = static_cast<char>(nonce[0] & 0x7f);
      crypto::Hash digest = crypto::sha256(note);
      std::string response = options.post(crypto::timestampRequest(digest, nonce));
      auto read = crypto::readTimestamp(response, digest, nonce, options.ca);
      if (!read) throw error(Code::unavailable, "the time-stamping authority's response is not used: {}", read.error());
      fault.lock()->clear();
      return {std::move(response), *read};
    } catch (const Error& failure) {
      *fault.lock() = failure.message;
      failures.add();
      throw;
    }
  }

  /// False: there are no new entries.
  bool round() {
    std::string note = log.cosignedCheckpoint();
    if (note.empty()) note = log.publishedCheckpoint();
    std::int64_t size = parseCheckpoint(parseNote(note).value().text).value().size;
    auto last = database.reading([](db::Transaction& transaction) { return readTimestamps(transaction, 1); });
    if (size == 0 || (!last.empty() && last.front().size >= size)) return false;
    auto [response, read] = stamp(note);
    database.write([&](db::Transaction& transaction) {
      transaction.run(
          "INSERT INTO ledger_timestamp (size, time, note, response) VALUES ($1, $2, $3, $4) ON CONFLICT (size) DO "
          "NOTHING",
          {size, read.time, note, db::Bytes{response}});
    });
    gauge("regesta_ledger_timestamp_seconds", "Time of the newest RFC 3161 timestamp of a checkpoint.")
        .set(read.time / 1000);
    return true;
  }

  db::Database& database;
  Log& log;
  Options options;
  std::mutex posting;
  Sync<std::string> fault;
  Repeater repeater;
};

Timestamping::Timestamping(db::Database& database, Log& log, Options options)
    : parts_(std::make_unique<Parts>(database, log, std::move(options))) {}
Timestamping::~Timestamping() { stop(); }
void Timestamping::start() { parts_->repeater.start(); }
void Timestamping::stop() { parts_->repeater.stop(); }
void Timestamping::round() { parts_->round(); }
std::string Timestamping::stamp(const std::string& note) { return parts_->stamp(note).first; }
std::string Timestamping::fault() { return *parts_->fault.lock(); }

std::optional<Stamped> Timestamping::newest() {
  auto found = parts_->database.reading([](db::Transaction& transaction) { return readTimestamps(transaction, 1); });
  return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
}

std::vector<Stamped> readTimestamps(db::Transaction& transaction, std::int64_t limit) {
  std::vector<Stamped> stamps;
  db::Rows rows =
      transaction.query("SELECT size, time, note, response FROM ledger_timestamp ORDER BY size DESC LIMIT $1", {limit});
  while (rows.next()) stamps.push_back({rows.integer(0), rows.integer(1), rows.text(2), rows.bytes(3)});
  return stamps;
}

}  // namespace regesta::ledger

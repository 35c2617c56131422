#include "ledger/verify.h"

#include "base/error.h"
#include "base/json.h"
#include "base/time.h"
#include "ledger/store.h"
#include "ledger/verify_tree.h"

namespace regesta::ledger {
namespace {

constexpr std::int64_t page = 1000;

std::optional<std::string> storedTile(db::Session& session, const Tile& tile) {
  db::Rows rows =
      session.query("SELECT hashes FROM ledger_tile WHERE level = $1 AND number = $2", {tile.level, tile.number});
  if (!rows.next()) return std::nullopt;
  return rows.bytes(0);
}

/// Walks the entries of a database in the order of the log.
class DatabaseCheck {
 public:
  DatabaseCheck(db::Session& session, const VerifierKey& key, const VerifyOptions& options, Report& report)
      : session_(session),
        key_(key),
        options_(options),
        report_(report),
        findings_(report, options.findings),
        tree_(findings_, [&session](const Tile& tile) { return storedTile(session, tile); }) {}

  void run() {
    head_ = readHead(session_);
    if (auto checkpoint = expectNote(tree_, findings_, head_.note, key_, "the signed checkpoint")) {
      report_.checkpoint = *checkpoint;
      if (checkpoint->size != head_.size) {
        findings_.add(-1, fmt::format("the database says that the log has {} entries, its signed checkpoint says {}",
                                      head_.size, checkpoint->size));
      }
    }
    expectKept(tree_, findings_, options_, key_);
    expectHistory();
    walk();
    tree_.finish();
    countStrays();
  }

 private:
  void expectHistory() {
    db::Rows rows = session_.query("SELECT size, note FROM ledger_checkpoint ORDER BY size");
    while (rows.next()) {
      std::string where = fmt::format("the stored earlier checkpoint of size {}", rows.integer(0));
      auto checkpoint = expectNote(tree_, findings_, rows.text(1), key_, where);
      if (checkpoint && checkpoint->size != rows.integer(0)) findings_.add(-1, where + " is filed under another size");
    }
  }

  void walk() {
    for (std::int64_t from = 0; from < head_.size; from += page) {
      std::int64_t end = std::min(head_.size, from + page);
      db::Rows rows = session_.query(
          "SELECT idx, time, body FROM ledger_entry WHERE idx >= $1 AND idx < $2 ORDER BY idx", {from, end});
      while (rows.next()) {
        skipTo(rows.integer(0));
        look(rows.integer(1), rows.view(2));
      }
      skipTo(end);
      if (options_.progress) options_.progress(next_, head_.size);
    }
  }

  /// Entries that are gone. The tree goes on with the hash that was stored for them.
  void skipTo(std::int64_t index) {
    for (; next_ < index; ++next_) {
      findings_.add(next_, fmt::format("entry {} is missing", next_));
      tree_.append(storedLeaf().value_or(Hash{}));
    }
  }

  void look(std::int64_t time, std::string_view body) {
    Hash computed = leafHash(body);
    auto stored = storedLeaf();
    if (stored && *stored != computed) findings_.add(next_, hashDiffers(next_, body, computed, *stored));
    lookAtTime(time, body);
    tree_.append(stored.value_or(computed));
    ++next_;
    ++report_.entries;
  }

  void lookAtTime(std::int64_t time, std::string_view body) {
    if (time < lastTime_)
      findings_.add(next_, fmt::format("{}: it is older than the entry before it", entryName(next_, body)));
    lastTime_ = std::max(lastTime_, time);
    // The time column is for queries only; it must tell what the hashed bytes tell.
    std::string shown = fmt::format("\"time\":\"{}\"", formatTime(time / 1000));
    if (body.find(shown) == std::string_view::npos) {
      findings_.add(next_, fmt::format("{}: the time beside it ({}) is not the one in its bytes",
                                       entryName(next_, body), formatTime(time / 1000)));
    }
  }

  /// The hash that the tree has for the entry with index next_.
  std::optional<Hash> storedLeaf() {
    if (tileNumber_ != next_ / tileWidth) {
      tileNumber_ = next_ / tileWidth;
      tileHashes_ = storedTile(session_, {0, tileNumber_, tileWidth}).value_or("");
    }
    std::size_t position = static_cast<std::size_t>(next_ % tileWidth);
    if (tileHashes_.size() < (position + 1) * hashBytes) return std::nullopt;
    return hashAt(tileHashes_, position);
  }

  void listStrays(std::string_view sql, std::int64_t bound) {
    db::Rows rows = session_.query(sql, {bound});
    while (rows.next())
      findings_.add(rows.integer(0), fmt::format("entry {} is not covered by any checkpoint", rows.integer(0)));
  }

  void countStrays() {
    listStrays("SELECT idx FROM ledger_entry WHERE idx < $1 ORDER BY idx LIMIT 5", 0);
    listStrays("SELECT idx FROM ledger_entry WHERE idx >= $1 ORDER BY idx LIMIT 5", head_.size);
    db::Rows waiting = session_.query("SELECT COUNT(*) FROM ledger_entry WHERE idx IS NULL");
    if (waiting.next()) report_.waiting = waiting.integer(0);
  }

  db::Session& session_;
  const VerifierKey& key_;
  const VerifyOptions& options_;
  Report& report_;
  Findings findings_;
  TreeCheck tree_;
  Head head_;
  std::int64_t next_ = 0;
  std::int64_t lastTime_ = 0;
  std::int64_t tileNumber_ = -1;
  std::string tileHashes_;
};

}  // namespace

Report verifyDatabase(db::Database& database, const VerifierKey& key, const VerifyOptions& options) {
  return database.reading([&](db::Session& session) {
    Report report;
    DatabaseCheck(session, key, options, report).run();
    return report;
  });
}

void forEach(db::Session& session, const std::function<void(const Logged&)>& visit) {
  for (std::int64_t from = 0;; from += page) {
    std::int64_t count = 0;
    db::Rows rows = session.query("SELECT idx, id, body FROM ledger_entry WHERE idx >= $1 AND idx < $2 ORDER BY idx",
                                  {from, from + page});
    for (; rows.next(); ++count) visit({rows.integer(0), rows.integer(1), rows.text(2)});
    if (count == 0) return;
  }
}

void checkLastEntries(db::Session& session, std::int64_t size) {
  db::Rows rows = session.query("SELECT idx FROM ledger_entry WHERE idx IS NOT NULL ORDER BY idx DESC LIMIT 1");
  std::int64_t last = rows.next() ? rows.integer(0) : -1;
  if (last != size - 1)
    throw error(Code::corrupt, "the database's ledger ends at entry {} instead of {}", last, size - 1);
  if (size == 0) return;
  std::int64_t number = (size - 1) / tileWidth, begin = number * tileWidth;
  std::string hashes = storedTile(session, {0, number, 1}).value_or("");
  std::vector<std::string> bodies = readBodies(session, begin, size);
  if (hashes.size() < bodies.size() * hashBytes)
    throw error(Code::corrupt, "the database has lost the hashes of the ledger entries from {} on", begin);
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    Hash computed = leafHash(bodies[i]), stored = hashAt(hashes, i);
    if (computed != stored)
      throw Error(Code::corrupt, hashDiffers(begin + static_cast<std::int64_t>(i), bodies[i], computed, stored) +
                                     ". Run 'regesta ledger verify'");
  }
}

}  // namespace regesta::ledger

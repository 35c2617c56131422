#include "ledger/verify.h"

#include "base/error.h"
#include "base/json.h"
#include "base/time.h"
#include "ledger/leaf.h"
#include "ledger/pending.h"
#include "ledger/store.h"
#include "ledger/verify_tree.h"

namespace regesta::ledger {
namespace {

constexpr std::int64_t page = 1000;

constexpr std::int64_t strays = 5;  // named, of each kind

std::optional<std::string> storedTile(db::Transaction& transaction, const Tile& tile) {
  std::string hashes = readTile(transaction, tile);
  return hashes.empty() ? std::nullopt : std::optional(std::move(hashes));
}

/// Walks the entries of a database in the order of the log.
class DatabaseCheck {
 public:
  DatabaseCheck(db::Transaction& transaction, const VerifierKey& key, const VerifyOptions& options, Report& report)
      : transaction_(transaction),
        key_(key),
        options_(options),
        report_(report),
        findings_(report, options.findings),
        tree_(findings_, [&transaction](const Tile& tile) { return storedTile(transaction, tile); }, true) {}

  void run() {
    head_ = readHead(transaction_);
    if (auto checkpoint = expectNote(tree_, findings_, head_.note, key_, "the signed checkpoint")) {
      report_.checkpoint = *checkpoint;
      if (checkpoint->size != head_.size) {
        findings_.add(-1, fmt::format("the database says that the log has {} entries, its signed checkpoint says {}",
                                      head_.size, checkpoint->size));
      }
    }
    expectKeptCheckpoints(tree_, findings_, options_, key_);
    expectHistory();
    walk();
    tree_.finish();
    compareHead();
    countTiles();
    countUnknown();
    checkWaiting();
  }

 private:
  void expectHistory() {
    db::Rows rows = transaction_.query("SELECT size, note FROM ledger_checkpoint ORDER BY size");
    bool any = false;
    while (rows.next()) {
      any = true;
      std::string where = fmt::format("the stored earlier checkpoint of size {}", rows.integer(0));
      auto checkpoint = expectNote(tree_, findings_, rows.text(1), key_, where);
      if (checkpoint && checkpoint->size != rows.integer(0)) findings_.add(-1, where + " is filed under another size");
    }
    // Every server stores a checkpoint of the first tree that it signs.
    if (!any && head_.size > 0) findings_.add(-1, "the earlier checkpoints (ledger_checkpoint) are gone");
  }

  void walk() {
    for (std::int64_t from = 0; from < head_.size; from += page) {
      std::int64_t end = std::min(head_.size, from + page);
      db::Rows rows = transaction_.query(
          fmt::format("SELECT {}, mac, refused FROM ledger_entry WHERE idx >= $1 AND idx < $2 ORDER BY idx",
                      loggedColumns),
          {from, end});
      while (rows.next()) {
        Logged entry = readLogged(rows);
        skipTo(entry.index);
        if (!rows.view(5).empty() || !rows.isNull(6))
          findings_.add(next_, fmt::format("{}: it has an index and marks of an entry without one",
                                           entryName(next_, entry.body)));
        look(entry);
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
      if (next_ % tileWidth == 0) compareBundle();
      bundleWhole_ = false;
    }
  }

  void look(const Logged& entry) {
    const std::string& body = entry.body;
    std::string leaf = entry.leaf();
    if (next_ % tileWidth == 0) compareBundle();
    bundle_ += static_cast<std::int64_t>(leaf.size()) + 2;
    Hash computed = leafHash(leaf);
    auto stored = storedLeaf();
    if (stored && *stored != computed) findings_.add(next_, hashDiffers(next_, body, computed, *stored));
    checkTime(entry.time, body);
    tree_.append(stored.value_or(computed));
    ++next_;
    ++report_.entries;
  }

  void checkTime(std::int64_t time, std::string_view body) {
    if (time < lastTime_)
      findings_.add(next_, fmt::format("{}: it is older than the entry before it", entryName(next_, body)));
    lastTime_ = std::max(lastTime_, time);
    // The time column is for queries only. It must equal the time in the hashed bytes.
    if (body.find("\"time\":\"" + formatTime(time / 1000) + '"') == std::string_view::npos) {
      findings_.add(next_, fmt::format("{}: the stored time ({}) differs from the time in the entry",
                                       entryName(next_, body), formatTime(time / 1000)));
    }
  }

  /// The length of the entry bundle that ended before next_, as it is stored next to its tile.
  void compareBundle() {
    std::int64_t number = (next_ - 1) / tileWidth, length = std::exchange(bundle_, 0);
    if (length == 0 || !std::exchange(bundleWhole_, true)) return;
    db::Rows rows = transaction_.query("SELECT bundle FROM ledger_tile WHERE level = 0 AND number = $1", {number});
    if (rows.next() && rows.integer(0) != length)
      findings_.add(-1, fmt::format("the entry bundle of {} is filed with {} bytes, its entries have {}",
                                    tilePath({0, number, tileWidth}), rows.integer(0), length));
  }

  void compareHead() {
    compareBundle();
    if (head_.size > 0 && next_ == head_.size && head_.time != lastTime_)
      findings_.add(-1, fmt::format("the database says that the last entry is of {}, it is of {}",
                                    formatTime(head_.time / 1000), formatTime(lastTime_ / 1000)));
    db::Rows rows = transaction_.query("SELECT COUNT(*) FROM ledger_head");
    if (rows.next() && rows.integer(0) != 1)
      findings_.add(-1, fmt::format("the ledger has {} heads instead of one", rows.integer(0)));
  }

  /// Reports tiles that are not part of the tree.
  void countTiles() {
    std::int64_t wanted = 0;
    for (int level = 0; levelSize(level, head_.size) > 0; ++level)
      wanted += (levelSize(level, head_.size) + tileWidth - 1) / tileWidth;
    db::Rows rows = transaction_.query("SELECT COUNT(*) FROM ledger_tile");
    if (rows.next() && rows.integer(0) > wanted)
      findings_.add(-1, fmt::format("the database has {} tiles, the tree only {}", rows.integer(0), wanted));
  }

  /// The hash that the tree has for the entry with index next_.
  std::optional<Hash> storedLeaf() {
    if (tileNumber_ != next_ / tileWidth) {
      tileNumber_ = next_ / tileWidth;
      tileHashes_ = storedTile(transaction_, {0, tileNumber_, tileWidth}).value_or("");
    }
    std::size_t position = static_cast<std::size_t>(next_ % tileWidth);
    if (tileHashes_.size() < (position + 1) * hashBytes) return std::nullopt;
    return hashAt(tileHashes_, position);
  }

  void listUnknown(std::string_view sql, std::int64_t bound) {
    db::Rows rows = transaction_.query(sql, {bound});
    while (rows.next())
      findings_.add(rows.integer(0), fmt::format("entry {} is not covered by any checkpoint", rows.integer(0)));
  }

  void countUnknown() {
    listUnknown("SELECT idx FROM ledger_entry WHERE idx < $1 ORDER BY idx LIMIT 5", 0);
    listUnknown("SELECT idx FROM ledger_entry WHERE idx >= $1 ORDER BY idx LIMIT 5", head_.size);
    listRepeated();
  }

  /// Entries with the salt of another: somebody wrote down a waiting entry twice.
  void listRepeated() {
    // The index of salts answers this alone; the rows are read only if there is something to say.
    db::Rows any = transaction_.query(
        "SELECT 1 FROM ledger_entry WHERE salt IS NOT NULL GROUP BY salt HAVING COUNT(*) > 1 LIMIT 1");
    if (!any.next()) return;
    db::Rows twice = transaction_.query(
        "SELECT MAX(idx) FROM ledger_entry WHERE salt IS NOT NULL AND idx IS NOT NULL GROUP BY salt HAVING COUNT(*) > "
        "1 LIMIT $1",
        {strays});
    while (twice.next()) findings_.add(twice.integer(0), fmt::format("entry {} repeats another", twice.integer(0)));
  }

  void checkWaiting() {
    std::string newest = readNewestSalt(transaction_);
    for (const Waiting& entry : readWaiting(transaction_, INT64_MAX, SIZE_MAX)) {
      std::string why = options_.pending ? faultOf(transaction_, entry, *options_.pending, newest) : std::string();
      if (!options_.pending) report_.waitingChecked = false;
      if (why.empty())
        ++report_.waiting;
      else
        findings_.add(-1, fmt::format("{} {}", rowName(entry), why));
    }
    for (const Waiting& entry : readRefused(transaction_, INT64_MAX)) {
      std::string why = options_.pending ? faultOf(transaction_, entry, *options_.pending, newest) : std::string();
      if (why.empty())
        why = options_.pending ? "was written by this server, but is marked as refused" : "was refused by the server";
      findings_.add(-1, fmt::format("{} {}", rowName(entry), why));
    }
  }
  static std::string rowName(const Waiting& entry) {
    std::string name = entryName(entry.id, entry.body);
    return "row " + name.substr(name.find(' ') + 1) + " of ledger_entry";
  }

  db::Transaction& transaction_;
  const VerifierKey& key_;
  const VerifyOptions& options_;
  Report& report_;
  Findings findings_;
  TreeCheck tree_;
  Head head_;
  std::int64_t next_ = 0;
  std::int64_t lastTime_ = 0;
  std::int64_t bundle_ = 0;
  bool bundleWhole_ = true;  ///< none of its entries is missing
  std::int64_t tileNumber_ = -1;
  std::string tileHashes_;
};

}  // namespace

Report verifyDatabase(db::Database& database, const VerifierKey& key, const VerifyOptions& options) {
  return database.reading([&](db::Transaction& transaction) {
    Report report;
    DatabaseCheck(transaction, key, options, report).run();
    return report;
  });
}

void forEach(db::Transaction& transaction, const std::function<void(const Logged&)>& visit) {
  for (std::int64_t from = 0;; from += page) {
    std::int64_t count = 0;
    db::Rows rows = transaction.query(
        fmt::format("SELECT {} FROM ledger_entry WHERE idx >= $1 AND idx < $2 ORDER BY idx", loggedColumns),
        {from, from + page});
    for (; rows.next(); ++count) visit(readLogged(rows));
    if (count == 0) return;
  }
}

void forEachCommitted(db::Transaction& transaction, const crypto::MacKey* pending,
                      const std::function<void(const Logged&)>& visit) {
  forEach(transaction, visit);
  std::string newest = readNewestSalt(transaction);
  for (const Waiting& entry : readWaiting(transaction, INT64_MAX, SIZE_MAX))
    if (!pending || faultOf(transaction, entry, *pending, newest).empty())
      visit({-1, entry.id, entry.time, entry.body, entry.salt});
}

void checkLastEntries(db::Transaction& transaction, std::int64_t size) {
  db::Rows rows = transaction.query("SELECT idx FROM ledger_entry WHERE idx IS NOT NULL ORDER BY idx DESC LIMIT 1");
  std::int64_t last = rows.next() ? rows.integer(0) : -1;
  if (last != size - 1)
    throw error(Code::corrupt, "the database's ledger ends at entry {} instead of {}", last, size - 1);
  if (size == 0) return;
  std::int64_t number = (size - 1) / tileWidth, begin = number * tileWidth;
  std::string hashes = storedTile(transaction, {0, number, 1}).value_or("");
  std::vector<Logged> entries = readEntries(transaction, begin, size);
  if (hashes.size() < entries.size() * hashBytes)
    throw error(Code::corrupt, "the database has lost the hashes of the ledger entries from {} on", begin);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    Hash computed = leafHash(entries[i].leaf()), stored = hashAt(hashes, i);
    if (computed != stored)
      throw Error(Code::corrupt, hashDiffers(begin + static_cast<std::int64_t>(i), entries[i].body, computed, stored) +
                                     ". Run 'regesta ledger verify'");
  }
}

}  // namespace regesta::ledger

#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "crypto/mac.h"
#include "db/database.h"
#include "ledger/entry.h"
#include "registry/action.h"
#include "registry/actor.h"
#include "registry/row_note.h"

namespace regesta::registry {

/// The subject of a change, as its ledger entry names it: "prompt/loan-summary@3", "model/loan-risk#production".
struct ChangedSubject {
  std::string workspace, subject;
};

/// The keys that a change derives from the secret outside the database.
struct ChangeKeys {
  crypto::MacKey entry;   ///< authenticates entries until they are in the tree
  crypto::MacKey secret;  ///< for digests of values that an entry must not contain
};

/// One change of governed state in progress: a transaction that will also hold its ledger entries. Functions that
/// change governed state take a Change and record what they did, so every change has an entry. Writes to governed
/// tables through `transaction` are collected, and the next entry includes them.
class Change {
  db::Transaction& inner_;
  RowNotes notes_;
  NotingTransaction noting_;

 public:
  /// `keys` are Store::keys().
  Change(db::Transaction& transaction, const Actor& actor, const ChangeKeys& keys, db::Dialect dialect);
  Change(const Change&) = delete;
  Change& operator=(const Change&) = delete;
  db::Transaction& transaction;
  const Actor& actor;
  const std::int64_t now;  ///< milliseconds; one moment for the whole change

  /// Appends the ledger entry of one action. The committed ledger is also the outbox for webhooks and the change feed.
  /// The entry is written by the next record(), lastEntry() or finish(), so it includes rows written after this call.
  void record(Action action, std::string workspace, std::string subject, json::object data = {});
  /// Adds a value that may contain a secret to an entry's data: as `shown` (base/redact.h) and, if that differs from
  /// the value, its keyed digest as "<name>_digest", which allows comparison without revealing the value.
  void conceal(json::object& data, std::string_view name, std::string_view value, std::string shown) const;
  /// Invalidates caches of the subject, in addition to the subjects of the entries.
  void touch(std::string workspace, std::string subject) {
    touched_.push_back({std::move(workspace), std::move(subject)});
  }
  /// Writes the entry recorded last and returns its id, or 0 if nothing was recorded.
  std::int64_t lastEntry();
  /// Whether a governed row was written that no entry covers yet.
  bool noted() {
    noting_.settle();
    return !notes_.empty();
  }
  /// Whether anything was recorded.
  bool recorded() const { return pending_ || lastEntry_ != 0 || sentEntry_; }
  /// Collects every existing governed row, as if this change had written it.
  void adoptRows();
  /// Writes what is still pending. Called by Store::change; nothing may be written after it.
  void finish();
  const std::vector<ChangedSubject>& touched() const { return touched_; }

 private:
  void write(ledger::Entry entry, std::size_t bytes);
  void writePending();
  std::optional<ledger::Entry> pending_;
  const ChangeKeys& keys_;
  const db::Dialect dialect_;
  std::optional<db::Rows> sentEntry_;  // the id of the newest entry, until it is asked for
  std::int64_t lastEntry_ = 0;
  std::vector<ChangedSubject> touched_;
};

/// All access to the state goes through it: reads, plain writes of bulk data, and recorded changes.
/// Thread-safe.
class Store {
 public:
  /// Called from any thread after a recorded change is durable and before change() returns: wakes the ledger and
  /// invalidates caches of the subjects.
  using AfterCommit = std::function<void(const std::vector<ChangedSubject>&)>;
  /// `secret` is kept outside the database and shared by the servers of one ledger: keys derived from it authenticate
  /// what a server wrote. By default it is random per process.
  Store(db::Database& database, AfterCommit afterCommit, std::string secret = processSecret());

  template <class Fn>
  auto read(Fn&& fn) {
    if constexpr (std::is_void_v<std::invoke_result_t<Fn&, db::Transaction&>>)
      database_.read(std::forward<Fn>(fn));
    else
      return database_.reading(std::forward<Fn>(fn));
  }
  /// As Database::readOnce().
  template <class Fn>
  auto readOnce(Fn&& fn) {
    return database_.readingOnce(std::forward<Fn>(fn));
  }
  /// False when the server must be started again before it can write.
  bool acceptsWrites() const { return database_.acceptsWrites(); }
  /// Writes bulk data that is sealed later instead of recorded per row. `fn` may run more than once.
  /// Throws Error{internal} if it writes a governed column.
  template <class Fn>
  auto write(Fn&& fn) {
    auto body = [&](db::Transaction& transaction) {
      NotingTransaction plain(transaction, nullptr, database_.dialect());
      return fn(static_cast<db::Transaction&>(plain));
    };
    if constexpr (std::is_void_v<std::invoke_result_t<Fn&, db::Transaction&>>)
      database_.write(body);
    else
      return database_.writing(body);
  }
  /// Makes a recorded change. `fn(Change&)` may run more than once and must have no other side effects.
  template <class Fn>
  auto change(const Actor& actor, Fn&& fn) {
    std::vector<ChangedSubject> touched;
    auto body = [&](db::Transaction& transaction) {
      Change change(transaction, actor, keys_, database_.dialect());
      if constexpr (std::is_void_v<std::invoke_result_t<Fn&, Change&>>) {
        fn(change);
        if (adopting_.load(std::memory_order_relaxed)) change.adoptRows();
        change.finish();
        touched = change.touched();
      } else {
        auto result = fn(change);
        if (adopting_.load(std::memory_order_relaxed)) change.adoptRows();
        change.finish();
        touched = change.touched();
        return result;
      }
    };
    if constexpr (std::is_void_v<std::invoke_result_t<Fn&, Change&>>) {
      database_.write(body);
      adopting_.store(false, std::memory_order_relaxed);
      afterCommit_(touched);
    } else {
      auto result = database_.writing(body);
      adopting_.store(false, std::memory_order_relaxed);
      afterCommit_(touched);
      return result;
    }
  }
  db::Database& database() { return database_; }
  /// Derives a key for one purpose from the secret (HKDF).
  crypto::MacKey key(std::string_view purpose) const { return crypto::MacKey::derive(secret_, purpose); }
  const ChangeKeys& keys() const { return keys_; }
  /// Call once at start, after the migrations. Ensures that the ledger covers every governed row: on an empty ledger,
  /// the first change includes the rows that migrations created; a ledger of an earlier version gets an entry
  /// "state.adopted" with the digests of all rows.
  void adoptState();

 private:
  static std::string processSecret();

  db::Database& database_;
  std::atomic<bool> adopting_ = false;
  AfterCommit afterCommit_;
  std::string secret_;
  ChangeKeys keys_;
};

}  // namespace regesta::registry

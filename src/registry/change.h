#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "base/json.h"
#include "db/database.h"

namespace regesta::registry {

/// Who does something: "user:anna", "token:ci", "local:root", "system:demo". Made by governance's authentication only.
struct Actor {
  std::string name;
  /// The part behind the colon: what people call them.
  std::string shortName() const { return name.substr(name.find(':') + 1); }
  bool operator==(const Actor&) const = default;
};

/// One change of governed state in progress: a transaction that will also hold its ledger entries. Functions that
/// change governed state take a Change and record what they did, so there is no change without a trace.
class Change {
 public:
  Change(db::Session& session, const Actor& actor);
  db::Session& session;
  const Actor& actor;
  const std::int64_t now;  ///< milliseconds; one moment for the whole change

  /// Appends the ledger entry of one deed. The committed ledger is also the outbox: webhooks and the change feed read
  /// it. Returns the entry's id.
  std::int64_t record(std::string action, std::string workspace, std::string subject, json::object data = {});
  std::int64_t lastEntry() const { return lastEntry_; }

 private:
  std::int64_t lastEntry_ = 0;
};

/// The one door to the state for everything above: reads, plain writes of bulk data, and recorded changes.
/// Thread-safe.
class Store {
 public:
  /// `afterCommit` is called, from any thread, after each recorded change became durable (wakes the ledger and the
  /// feed).
  Store(db::Database& database, std::function<void()> afterCommit);

  template <class Fn>
  auto read(Fn&& fn) {
    if constexpr (std::is_void_v<std::invoke_result_t<Fn&, db::Session&>>)
      database_.read(std::forward<Fn>(fn));
    else
      return database_.reading(std::forward<Fn>(fn));
  }
  /// Bulk data that is sealed later rather than recorded row by row. `fn` may run more than once.
  template <class Fn>
  auto write(Fn&& fn) {
    if constexpr (std::is_void_v<std::invoke_result_t<Fn&, db::Session&>>)
      database_.write(std::forward<Fn>(fn));
    else
      return database_.writing(std::forward<Fn>(fn));
  }
  /// A recorded change. `fn(Change&)` may run more than once and must have no effect outside it.
  template <class Fn>
  auto change(const Actor& actor, Fn&& fn) {
    auto body = [&](db::Session& session) {
      Change change(session, actor);
      return fn(change);
    };
    if constexpr (std::is_void_v<std::invoke_result_t<Fn&, Change&>>) {
      database_.write(body);
      afterCommit_();
    } else {
      auto result = database_.writing(body);
      afterCommit_();
      return result;
    }
  }
  db::Database& database() { return database_; }

 private:
  db::Database& database_;
  std::function<void()> afterCommit_;
};

}  // namespace regesta::registry

#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/json.h"
#include "db/database.h"

namespace regesta::registry {

/// Who does something: "user:anna", "token:ci", "local:root", "system:demo". A caller's is made by governance's
/// authentication; what the server does by itself is done by a "system:" actor of the room that does it.
struct Actor {
  std::string name;
  /// The part behind the colon: what people call them.
  std::string shortName() const { return name.substr(name.find(':') + 1); }
  bool operator==(const Actor&) const = default;
};

/// What a change was about, as its ledger entry names it: "prompt/loan-summary@3", "model/loan-risk#production".
struct Touch {
  std::string workspace, subject;
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
  /// Says that what anybody remembers of the subject is old, beyond what the entries are about.
  void touch(std::string workspace, std::string subject) {
    touched_.push_back({std::move(workspace), std::move(subject)});
  }
  std::int64_t lastEntry() const { return lastEntry_; }
  const std::vector<Touch>& touched() const { return touched_; }

 private:
  std::int64_t lastEntry_ = 0;
  std::vector<Touch> touched_;
};

/// The one door to the state for everything above: reads, plain writes of bulk data, and recorded changes.
/// Thread-safe.
class Store {
 public:
  /// Called, from any thread, after a recorded change became durable and before change() returns: wakes the ledger,
  /// drops what was remembered of the subjects.
  using AfterCommit = std::function<void(const std::vector<Touch>&)>;
  Store(db::Database& database, AfterCommit afterCommit);

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
    std::vector<Touch> touched;
    auto body = [&](db::Session& session) {
      Change change(session, actor);
      if constexpr (std::is_void_v<std::invoke_result_t<Fn&, Change&>>) {
        fn(change);
        touched = change.touched();
      } else {
        auto result = fn(change);
        touched = change.touched();
        return result;
      }
    };
    if constexpr (std::is_void_v<std::invoke_result_t<Fn&, Change&>>) {
      database_.write(body);
      afterCommit_(touched);
    } else {
      auto result = database_.writing(body);
      afterCommit_(touched);
      return result;
    }
  }
  db::Database& database() { return database_; }

 private:
  db::Database& database_;
  AfterCommit afterCommit_;
};

}  // namespace regesta::registry

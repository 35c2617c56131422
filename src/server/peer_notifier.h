#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "registry/change.h"

namespace regesta::server {

/// Notifies the other servers of a database of changes, and receives their notifications, within milliseconds.
/// Notifications can be lost, so receivers also poll. Does nothing on SQLite, which only this process has open.
/// Thread-safe.
class PeerNotifier {
 public:
  struct Handlers {
    std::function<void(const registry::ChangedSubject&)> touched;
    std::function<void()> everythingMayBeOld;  ///< too many changes to list them
    std::function<void()> ledgerGrew;
  };
  /// The handlers are called on a thread of the database and must not wait; never after the destructor.
  PeerNotifier(db::Database& database, Handlers handlers);
  ~PeerNotifier();
  void notify(const std::vector<registry::ChangedSubject>& touched);
  void notifyLedgerGrew();

 private:
  struct Link;
  db::Database& database_;
  std::shared_ptr<Link> link_;
};

}  // namespace regesta::server

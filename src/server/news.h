#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "registry/change.h"

namespace regesta::server {

/// Tells the other servers on one database what changed here, and hears it from them, within milliseconds. A hint: who
/// needs certainty also polls. On a database that only this process has open it does nothing. Thread-safe.
class News {
 public:
  struct Heard {
    std::function<void(const registry::Touch&)> touched;
    std::function<void()> everythingMayBeOld;  ///< too much changed at once to be told in full
    std::function<void()> ledgerGrew;
  };
  /// The functions are called on a thread of the database and must not wait; never after the destructor.
  News(db::Database& database, Heard heard);
  ~News();
  void tell(const std::vector<registry::Touch>& touched);
  void tellLedgerGrew();

 private:
  struct Link;
  db::Database& database_;
  std::shared_ptr<Link> link_;
};

}  // namespace regesta::server

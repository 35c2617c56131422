#pragma once
#include <string_view>

namespace regesta::http {

/// Who a request was let in as, found out from its head alone by the route's door (Action::door). The connection keeps
/// it: quotas count by it, and a request that lasts asks it again and again.
class Caller {
 public:
  virtual ~Caller() = default;
  /// What quotas count by: the same text for all requests of one identity. Empty: not counted.
  virtual std::string_view account() const = 0;
  /// False when what let the caller in may have changed; holds() then finds out. Quick, for I/O threads.
  virtual bool current() = 0;
  /// False once it was taken away or has run out. May read from the database: for waiting threads. Throws nothing.
  virtual bool holds() = 0;
};

}  // namespace regesta::http

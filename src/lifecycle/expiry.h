#pragma once
#include <memory>

#include "registry/change.h"

namespace regesta::lifecycle {

/// Deletes versions whose expiry (registry/expiry.h) has come, as "system:expiry", each in a transaction of its own
/// that passes the gate like a user's deletion; its entry names "expiry". What a retention rule could not delete
/// (retention_plan.h) stays, and is looked at again every hour. One server of a database does it at a time.
class Expiry {
 public:
  explicit Expiry(registry::Store& store);
  ~Expiry();
  /// Starts the thread.
  void start();
  void stop();
  /// Runs once for `now` (milliseconds). Returns the number of deleted versions.
  std::size_t round(std::int64_t now);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace regesta::lifecycle

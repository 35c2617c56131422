#pragma once
#include <memory>

#include "registry/change.h"

namespace regesta::lifecycle {

/// Applies the retention rules of every workspace automatically, as "system:retention". Off unless an operator sets
/// retention.apply-hours. One server of a database does it at a time.
class RetentionSchedule {
 public:
  RetentionSchedule(registry::Store& store, std::int64_t everyMillis);
  ~RetentionSchedule();
  /// Starts the thread, unless everyMillis is 0.
  void start();
  void stop();
  /// Runs once for `nowMillis`: finishes what was interrupted, and applies the plan of each workspace for which that
  /// was last done everyMillis ago. Returns the number of versions that went or were archived.
  std::int64_t round(std::int64_t nowMillis);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace regesta::lifecycle

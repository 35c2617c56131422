#pragma once
#include <cstdint>
#include <map>

#include "base/repeater.h"
#include "governance/gate.h"

namespace regesta::governance {

/// What happens to change requests as time passes: scheduled ones are carried out, open ones are remembered and expire.
/// It also updates the metrics of what waits for people. Several servers may run one.
class RequestClock {
 public:
  struct Options {
    std::int64_t expireMillis = 0;  ///< from the opening, or the scheduled time; 0: never
    std::int64_t remindMillis = 0;  ///< between reminders; 0: none
  };
  RequestClock(registry::Store& store, Gate& gate, Options options);
  void start() { repeater_.start(); }
  void stop() { repeater_.stop(); }
  void round();

 private:
  /// What could not be carried out is tried again after a minute.
  void carryOut(std::int64_t now);
  void expire(std::int64_t moment);
  void remind(std::int64_t moment);
  registry::Store& store_;
  Gate& gate_;
  Options options_;
  std::map<std::int64_t, std::int64_t> triedAt_;  ///< by change request, milliseconds
  Repeater repeater_;
};

}  // namespace regesta::governance

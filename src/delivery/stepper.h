#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>

#include "registry/change.h"
#include "registry/rollout.h"

namespace regesta::governance {
class Gate;
}

namespace regesta::delivery {

/// Takes running rollouts to their next step when the present one has baked and no guard holds it (guard.h), and
/// completes them behind the last one.
/// Each deed is a ledger entry by "system:rollout". Several servers on one database may run one each: whoever is first
/// changes the row's revision, the others see a conflict and leave it. Thread-safe.
class Stepper {
 public:
  Stepper(registry::Store& store, governance::Gate& gate);
  ~Stepper();
  /// Starts the thread: it looks when a step is due, and at least every second.
  void start();
  void stop();
  /// One look at `nowMillis`. Returns how many rollouts went on. A rollout that cannot (its alias became protected
  /// since) is held with the reason; whatever else goes wrong with one is logged, and the others go on.
  std::size_t round(std::int64_t nowMillis);

 private:
  bool mayEnd(const registry::Rollout& rollout, std::int64_t due, std::int64_t now);
  bool advance(const registry::Rollout& rollout);
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace regesta::delivery

#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>

#include "registry/change.h"
#include "registry/rollout/rollout.h"

namespace regesta::governance {
class Gate;
}

namespace regesta::rollout {

/// Advances running rollouts when the present step has baked and no guard holds it (guard.h), and completes them after
/// the last step. Each action is a ledger entry by "system:rollout". Every server of a database may run one: the first
/// changes the row's revision, the others get a conflict and skip it. Thread-safe.
class Stepper {
 public:
  Stepper(registry::Store& store, governance::Gate& gate);
  ~Stepper();
  /// Starts the thread, which runs when a step is due and at least every second.
  void start();
  void stop();
  /// Runs once for `nowMillis`. Returns the number of rollouts that advanced. A rollout that cannot (its alias became
  /// protected since) is held with the reason; other errors of one are logged and do not affect the others.
  std::size_t round(std::int64_t nowMillis);

 private:
  bool mayEnd(const registry::Rollout& rollout, std::int64_t due, std::int64_t now);
  bool advance(const registry::Rollout& rollout);
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace regesta::rollout

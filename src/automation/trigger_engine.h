#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>

#include "http/egress.h"
#include "policy/engine.h"
#include "registry/change.h"

namespace regesta::automation {

/// Looks at every entry of the ledger once, in order, and fires the triggers that match: a job is enqueued in the same
/// change that notes the firing, so that neither happens without the other, also after a crash. Webhooks are called at
/// least once. A trigger does not fire on what its own job, or a job further down its chain, caused. Each firing is an
/// entry "trigger.fired" with its cause; a version that a job registers gets a lineage edge "triggered" from the cause.
/// One server per database works at a time. Thread-safe.
class TriggerEngine {
 public:
  TriggerEngine(registry::Store& store, policy::Engine& policy, http::Egress egress);
  ~TriggerEngine();
  void start();
  void stop();
  void wake();
  /// Looks at what is new. Returns the number of firings.
  std::size_t round();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace regesta::automation

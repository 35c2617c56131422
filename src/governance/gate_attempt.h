#pragma once
// Internal to the governance room.
#include "governance/gate.h"
#include "governance/gate_check.h"
#include "governance/input.h"

namespace regesta::governance {

struct Gate::Attempt {
  access::Identity identity;  // whose roles the policies see
  Question question;
  registry::Actor actor;  // whom the ledger names
  bool dry = false;
  std::int64_t changeRequest = 0;  // set: only together with this open request
};

/// Action of a refused move's ledger entry.
registry::Action refusedAction(const registry::Pointer& pointer);
Gate::Outcome outcomeOf(const Case& about, const GateCheck& check);
/// Stores the decision and appends the entry of a refused move.
void recordRefusal(registry::Change& change, const Case& about, const GateCheck& check, Gate::Outcome& outcome);
/// The outcome of a request that another approval applied meanwhile.
Gate::Outcome appliedOutcome(const ChangeRequest& request);

}  // namespace regesta::governance

#pragma once
// Inside the governance room only.
#include "governance/gate.h"
#include "governance/input.h"
#include "governance/judge.h"

namespace regesta::governance {

struct Gate::Attempt {
  Identity identity;  // whose roles the policies see
  Question question;
  registry::Actor actor;  // whom the ledger names
  bool dry = false;
  std::int64_t changeRequest = 0;  // set: only together with this open request
};

/// What the ledger calls a move that did not happen.
std::string refusedAction(std::string_view pointer);
/// The outcome of a request that somebody else's approval carried out in the meantime.
Gate::Outcome appliedOutcome(const ChangeRequest& request);

}  // namespace regesta::governance

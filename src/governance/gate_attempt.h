#pragma once
// Inside the governance room only.
#include "governance/gate.h"
#include "governance/input.h"
#include "governance/judge.h"

namespace regesta::governance {

struct Gate::Attempt {
  Identity identity;             // whose roles the policies see
  Question question;
  registry::Actor actor;         // whom the ledger names
  bool dry = false;
  std::int64_t changeRequest = 0;  // set: only together with this open request
};

/// {"pointer","from","to"…}: how the ledger tells about a move that did not happen.
std::string refusedAction(std::string_view pointer);

}  // namespace regesta::governance

#pragma once
#include <cstdint>
#include <functional>
#include <vector>

#include "governance/decision.h"
#include "governance/gate.h"
#include "governance/input.h"

namespace regesta::governance {

/// The result of evaluating a case.
struct GateCheck {
  policy::Verdict verdict;  ///< union over all policies
  std::vector<Requirement> requirements;
  std::vector<WaivedViolation> waived;  ///< what policies deny, and waivers let pass; not in `verdict`
  bool brokeGlass = false;              ///< the decision allows what the policies refuse (break_glass.h)
  Decision decision;                    ///< not stored yet; decision.result is allowed, refused or pending
};

/// Evaluates every policy of a protected case at one moment. Waits for policy workers and for `opa` (null: bindings
/// that name an external OPA cannot be evaluated): do not call in a transaction. Throws Error{unavailable} if they do
/// not answer.
GateCheck checkGate(policy::Engine& engine, policy::RemoteOpa* opa, const Case& about, std::int64_t nowMillis);

/// Gives a decision that was made another result, and its body what `amend` adds or changes.
void amendDecision(Decision& decision, DecisionResult result, const std::function<void(json::object& body)>& amend);

json::array requirementsToJson(const std::vector<Requirement>& requirements);

}  // namespace regesta::governance

#pragma once
#include <cstdint>
#include <vector>

#include "governance/decision.h"
#include "governance/gate.h"
#include "governance/input.h"

namespace regesta::governance {

/// The result of evaluating a case.
struct GateCheck {
  policy::Verdict verdict;  ///< union over all policies
  std::vector<Requirement> requirements;
  Decision decision;  ///< not stored yet; decision.result is allowed, refused or pending
};

/// Evaluates every policy of a protected case at one moment. Waits for policy workers: do not call in a transaction.
GateCheck checkGate(policy::Engine& engine, const Case& about, std::int64_t nowMillis);

json::array requirementsToJson(const std::vector<Requirement>& requirements);

}  // namespace regesta::governance

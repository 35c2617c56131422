#pragma once
#include <cstdint>
#include <vector>

#include "governance/decision.h"
#include "governance/gate.h"
#include "governance/input.h"

namespace regesta::governance {

/// What the policies made of a case.
struct Judgement {
  policy::Verdict verdict;  ///< the union
  std::vector<Requirement> requirements;
  Decision decision;  ///< not stored yet; decision.result is allowed, refused or pending
};

/// Evaluates every policy of a guarded case at one moment. Waits for policy workers, so never inside a transaction.
Judgement judge(policy::Engine& engine, const Case& about, std::int64_t nowMillis);

json::array requirementsToJson(const std::vector<Requirement>& requirements);

}  // namespace regesta::governance

#pragma once
#include <string_view>
#include <vector>

#include "governance/gate.h"
#include "governance/input.h"

namespace regesta::governance {

/// Checks each member of a verdict's `require` set against approvals and evidence; same order. A member that names
/// neither is never met, and says so.
std::vector<Requirement> checkRequirements(const policy::Verdict& verdict, const Facts& facts);
bool allMet(const std::vector<Requirement>& requirements);

}  // namespace regesta::governance

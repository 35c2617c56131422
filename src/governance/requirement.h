#pragma once
#include <string_view>
#include <vector>

#include "governance/gate.h"
#include "governance/input.h"

namespace regesta::governance {

/// Checks each member of a verdict's `require` set against approvals and evidence; same order. A member that names
/// neither is never met, and says so.
std::vector<Requirement> checkRequirements(const policy::Verdict& verdict, const Facts& facts);
/// Why an approval would be counted by none of the requirements that ask for its roles, in words: its giver is the
/// author or the requester. Nothing when one would count it, or when none asks for these roles: then it is a record. Of
/// `facts`, candidate, current and open are looked at.
std::optional<std::string> whyNotCounted(const Approval& approval, const policy::Verdict& verdict, const Facts& facts);
/// The roles whose approvals the verdict asks for.
std::vector<std::string> rolesAsked(const policy::Verdict& verdict);
/// Whether one of the requirements that ask for its roles would count it.
bool wouldCount(const Approval& approval, const policy::Verdict& verdict, const Facts& facts);
bool allMet(const std::vector<Requirement>& requirements);

}  // namespace regesta::governance

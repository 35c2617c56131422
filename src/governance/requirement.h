#pragma once
#include <string_view>
#include <vector>

#include "governance/gate.h"
#include "governance/input.h"

namespace regesta::governance {

/// Checks each member of a verdict's `require` set against approvals and evidence; same order. A member that names
/// neither is never met and says so in `needs`.
std::vector<Requirement> checkRequirements(const policy::Verdict& verdict, const Facts& facts);
/// Who must not approve, if a requirement says so.
enum class Exclusion {
  author,
  requester,
  early,  ///< a role that must approve before has not approved yet
};
/// Why no requirement for its roles would count an approval. Empty if one counts it, or if none requires these roles.
/// Uses `facts`' candidate, current, open and approvals.
std::optional<Exclusion> exclusionOf(const Approval& approval, const policy::Verdict& verdict, const Facts& facts);
/// The same as a sentence.
std::optional<std::string> whyNotCounted(const Approval& approval, const policy::Verdict& verdict, const Facts& facts);
/// The roles whose approvals the verdict requires.
std::vector<std::string> rolesAsked(const policy::Verdict& verdict);
/// Whether a requirement for its roles would count it.
bool wouldCount(const Approval& approval, const policy::Verdict& verdict, const Facts& facts);
bool allMet(const std::vector<Requirement>& requirements);

}  // namespace regesta::governance

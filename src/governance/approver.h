#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "governance/access.h"
#include "governance/change_request.h"

/// Who may answer a change request, and whose approval counts.
namespace regesta::governance {

/// Throws Error{denied} for tokens: counting approvals means counting persons, and one person may hold any number of
/// tokens.
void requirePerson(const registry::Actor& actor);

/// The roles in which this person answers: `role`, or (empty) all that they hold there and that are for approving.
/// Throws Error{denied} without the right to approve, and for a role that is not held.
std::vector<std::string> rolesToApproveIn(db::Session& session, const Identity& identity, const ChangeRequest& request,
                                          std::string_view role);

/// Throws Error{denied} for an approval that no requirement of the request would count: an error to tell at once, not
/// to store silently.
void requireCounted(db::Session& session, const ChangeRequest& request, const Approval& approval);

/// Whether something that an open request still lacks is this person's approval, who has not given it.
bool waitsFor(db::Session& session, const ChangeRequest& request, const Identity& identity);

}  // namespace regesta::governance

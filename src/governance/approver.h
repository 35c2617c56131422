#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "access/access.h"
#include "governance/change_request.h"
#include "governance/requirement.h"

/// Who may approve or reject a change request, and whose approval counts.
namespace regesta::governance {

/// Throws Error{denied} for tokens: approvals count persons, and one person can have any number of tokens.
void requirePerson(const registry::Actor& actor);
/// Throws Error{denied} for an author of the version; `demand` says who must act instead: "somebody else must …".
void requireNotAuthor(db::Transaction& transaction, const registry::Actor& actor, const registry::Version& version,
                      std::string_view demand);

/// The roles of an approval by this user: `role`, or (empty) all approval roles that they hold there. With
/// `onBehalfOf`, those of the user whose delegate they are. Throws Error{denied} without the right to approve, and for
/// a role that is not held.
std::vector<std::string> rolesToApproveIn(db::Transaction& transaction, const access::Identity& identity,
                                          const ChangeRequest& request, std::string_view role,
                                          std::string_view onBehalfOf);

/// Throws Error{exists} if the user who gives the approval, or on whose behalf it is given, is behind another one that
/// still counts: a delegate's approval is that of the delegator.
void requireOneVoice(db::Transaction& transaction, const ChangeRequest& request, const Approval& approval);

/// Throws Error{denied} for an approval that no requirement of the request would count.
void requireCounted(db::Transaction& transaction, const ChangeRequest& request, const Approval& approval);

/// Whether the approved facts have changed since, according to the request's newest decision: then the approval no
/// longer counts.
bool hasLapsed(db::Transaction& transaction, const ChangeRequest& request, const Approval& approval);

/// What a user's approval of an open request would do.
struct ReviewRights {
  bool mayApprove = false;
  std::vector<std::string> roles;     ///< roles of their approval
  bool counts = false;                ///< a requirement that is not met yet would count it
  std::optional<Exclusion> excluded;  ///< why it cannot count in any role
  std::string onBehalfOf;             ///< empty: in their own roles
};
ReviewRights reviewRights(db::Transaction& transaction, const ChangeRequest& request, const access::Identity& identity);
/// The same on behalf of each user whose delegate they are.
std::vector<ReviewRights> delegatedRights(db::Transaction& transaction, const ChangeRequest& request,
                                          const access::Identity& identity);

/// On whose behalf a review is that names nobody, because it was given where one cannot: empty if it counts in the
/// reviewer's own name (a rejection: if they may give it), else the one user for whom it does. `role`: of the approval;
/// empty: any. Throws Error{denied} if there are several.
std::string impliedDelegator(db::Transaction& transaction, const ChangeRequest& request,
                             const access::Identity& identity, std::string_view role, bool rejects);

/// Whether an open request still requires an approval that this user can give and has not given.
bool waitsFor(db::Transaction& transaction, const ChangeRequest& request, const access::Identity& identity);

}  // namespace regesta::governance

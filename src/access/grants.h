#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "access/access.h"
#include "base/error.h"
#include "base/json.h"
#include "db/database.h"

namespace regesta::access {

/// As a name: all names. Only a name pattern that equals this covers it, not a pattern that matches it as text.
inline constexpr std::string_view everyName = "*";

/// Whether holders of the role approve in it: not for the built-in roles that only read, write and run.
bool isApprovalRole(std::string_view role);
/// Roles: 1–64 of [a-z0-9_-]; workspace a name or "*"; name pattern 1–250 bytes. Empty workspace and pattern become
/// "*". Throws Invalid that names the grant, also for a role that resembles a built-in one.
std::vector<Grant> checkGrants(std::vector<Grant> grants);
/// The same for one grant; `field` is its name in the error.
void checkGrant(Grant& grant, const std::string& field);
/// Throws Invalid that names the first grant whose workspace does not exist.
void requireWorkspaces(db::Transaction& transaction, const std::vector<Grant>& grants);
/// Error{denied} that names the missing role, the command that grants it, and the present grants.
Error missingRole(const Identity& identity, std::string_view role, std::string_view workspace, std::string_view name);
json::array grantsToJson(const std::vector<Grant>& grants);
/// Reads the output of grantsToJson. Throws Error{corrupt} for anything else.
std::vector<Grant> grantsFromJson(std::string_view text);
/// Names of users and tokens: 1–100 letters, digits, '.', '_', '@', '-'.
bool isActorName(std::string_view name);
/// True for the grant that may change users: admin on everything.
bool administersAll(const std::vector<Grant>& grants);

/// The present identity of an actor, without credentials: for approvals and for requests that are applied later. Has no
/// grants if the user or token is deleted, disabled or expired.
Identity identityOf(db::Transaction& transaction, std::string_view actorName, std::int64_t nowMillis);

}  // namespace regesta::access

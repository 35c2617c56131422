#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "db/database.h"
#include "governance/access.h"

namespace regesta::governance {

/// Roles: 1–64 of [a-z0-9_-]; workspace a name or "*"; name pattern 1–250 bytes. Empty workspace and pattern become
/// "*". Throws Invalid that names the grant, also for a role that is nearly one of the known ones.
std::vector<Grant> checkGrants(std::vector<Grant> grants);
/// The same of one; `field` is what the error calls it.
void checkGrant(Grant& grant, const std::string& field);
/// Throws Invalid that names the first grant whose workspace does not exist.
void requireWorkspaces(db::Session& session, const std::vector<Grant>& grants);
/// Error{denied} that names the role which is missing and the command that gives it, beside what is held already.
Error missingRole(const Identity& identity, std::string_view role, std::string_view workspace, std::string_view name);
json::array grantsToJson(const std::vector<Grant>& grants);
/// Reads what grantsToJson wrote. Throws Error{corrupt} for anything else.
std::vector<Grant> grantsFromJson(std::string_view text);
/// What names of users and tokens are made of: 1–100 letters, digits, '.', '_', '@', '-'.
bool isActorName(std::string_view name);
/// True for the one grant that may change users: admin on everything.
bool administersAll(const std::vector<Grant>& grants);

/// The identity behind an actor's name as it stands now, without credentials: for approvals and for requests that are
/// applied later. Without grants when the user or token is gone, disabled or expired.
Identity identityOf(db::Session& session, std::string_view actorName, std::int64_t nowMillis);

}  // namespace regesta::governance

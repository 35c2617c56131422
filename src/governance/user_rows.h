#pragma once
// Inside the governance room only: users as rows, and what the ledger says of them.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "governance/access.h"

namespace regesta::governance {

struct UserRow {
  std::int64_t id = 0;
  std::string name, grants;
  bool password = false;
};
/// Throws Error{notFound} when there is no such user, or they are gone.
UserRow activeUser(db::Session& session, std::string_view name);
bool anyoneExists(db::Session& session);
void requireAdminBesides(db::Session& session, std::string_view name);

void checkActorName(std::string_view name);
/// Canonical JSON.
std::string grantsText(const std::vector<Grant>& grants);
/// What the ledger says of a stored password or token: enough to notice that it was replaced, useless for guessing.
std::string fingerprint(std::string_view stored);
/// The same of a link: who somebody is at their provider is nobody's business who reads the ledger.
std::string fingerprint(const Link& link);
std::string userSubject(std::string_view name);

/// Throws Error{exists} for a name that is or was somebody's. `passwordHash` empty: none.
User insertUser(registry::Change& change, std::string_view name, std::string_view passwordHash,
                const std::vector<Grant>& grants, const std::optional<Link>& link);
/// Throws Error{invalidState} when nobody would be left who administers everything.
void setUserGrants(registry::Change& change, const UserRow& user, const std::vector<Grant>& grants);
void setUserLink(registry::Change& change, const UserRow& user, const Link& link);

}  // namespace regesta::governance

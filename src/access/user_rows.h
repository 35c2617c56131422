#pragma once
// Internal to the access room: rows of users and their ledger data.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/access.h"

namespace regesta::access {

struct UserRow {
  std::int64_t id = 0;
  std::string name, grants;
  bool password = false;
};
/// Throws Error{notFound} for an unknown or deleted user.
UserRow activeUser(db::Transaction& transaction, std::string_view name);
bool anyoneExists(db::Transaction& transaction);
void requireAdminBesides(db::Transaction& transaction, std::string_view name);

void checkActorName(std::string_view name);
/// Throws Error{exists} if a name from the query can be confused with this one (base/name.h).
void checkNameIsDistinct(db::Transaction& transaction, std::string_view names, std::string_view name);
/// Canonical JSON.
std::string grantsText(const std::vector<Grant>& grants);
/// Fingerprint of a stored password or token for the ledger: reveals a replacement, but does not help guessing.
std::string fingerprint(std::string_view stored);
/// The same for a link: readers of the ledger must not learn the account at the provider.
std::string fingerprint(const Link& link);
std::string userSubject(std::string_view name);

struct NewTokenRow {
  std::string name, hash;
  std::vector<Grant> grants;
  std::int64_t expiresAt = 0;
  std::string accessKey, trust;  ///< trust: of a token without a secret (workload.h)
};
/// Throws Error{exists} for a name that is or was used; Error{invalidState} if nobody could sign in afterwards.
void insertToken(registry::Change& change, const NewTokenRow& row);
/// Throws Error{unauthenticated} with `message` the second time.
void useOnce(db::Transaction& transaction, const Access::OneTime& use, std::string_view message);
/// Stores an open session and records it with `details`.
void insertSessionRow(registry::Change& change, std::string_view actor, const Access::Session& session,
                      std::string_view via, std::string_view agent, json::object details = {});

/// Throws Error{exists} for a name that is or was used. `passwordHash` empty: none.
User insertUser(registry::Change& change, std::string_view name, std::string_view passwordHash,
                const std::vector<Grant>& grants, const std::optional<Link>& link);
/// Throws Error{invalidState} if no administrator of the server would remain.
void setUserGrants(registry::Change& change, const UserRow& user, const std::vector<Grant>& grants);
void setUserLink(registry::Change& change, const UserRow& user, const Link& link);

}  // namespace regesta::access

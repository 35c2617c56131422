#include "access/user_rows.h"

#include "access/grants.h"
#include "access/recorded.h"
#include "base/error.h"
#include "base/name.h"
#include "base/time.h"
#include "crypto/hash.h"
#include "crypto/password.h"

namespace regesta::access {

namespace {

/// Replaces the user's link. The account must not be linked to another existing user.
void storeLink(db::Transaction& transaction, std::int64_t user, const Link& link) {
  if (!link.subject.empty()) {
    auto rows = transaction.query(
        "SELECT u.id, u.name, u.disabled FROM user_link l JOIN user_account u ON u.id = l.user_account "
        "WHERE l.issuer = $1 AND l.subject = $2",
        {link.issuer, link.subject});
    while (rows.next())
      if (rows.integer(0) != user && rows.integer(2) == 0)
        throw error(Code::exists, "that account at the identity provider is already linked to '{}'", rows.view(1));
  }
  transaction.run("DELETE FROM user_link WHERE user_account = $1 OR (issuer = $2 AND subject = $3 AND subject <> '')",
                  {user, link.issuer, link.subject});
  transaction.run("INSERT INTO user_link (user_account, issuer, subject) VALUES ($1, $2, $3)",
                  {user, link.issuer, link.subject});
}

}  // namespace

UserRow activeUser(db::Transaction& transaction, std::string_view name) {
  auto rows =
      transaction.query("SELECT id, grants, password FROM user_account WHERE name = $1 AND disabled = 0", {name});
  if (!rows.next()) throw error(Code::notFound, "the user '{}' does not exist", name);
  return {rows.integer(0), std::string(name), rows.text(1), !rows.view(2).empty()};
}

bool anyoneExists(db::Transaction& transaction) {
  auto rows = transaction.query("SELECT (SELECT COUNT(*) FROM user_account) + (SELECT COUNT(*) FROM service_token)");
  return rows.next() && rows.integer(0) > 0;
}

void requireAdminBesides(db::Transaction& transaction, std::string_view name) {
  auto rows = transaction.query("SELECT name, grants FROM user_account WHERE disabled = 0");
  while (rows.next())
    if (rows.view(0) != name && administersAll(grantsFromJson(rows.view(1)))) return;
  throw error(Code::invalidState, "'{}' is the last user with admin on everything; create another first", name);
}

void checkActorName(std::string_view name) {
  if (!isActorName(name)) throw Invalid("name", "must be 1 to 100 letters, digits, '.', '_', '@' and '-'");
}

void checkNameIsDistinct(db::Transaction& transaction, std::string_view names, std::string_view name) {
  db::Rows rows = transaction.query(names);
  while (rows.next())
    if (areConfusable(rows.view(0), name))
      throw error(Code::exists, "'{}' looks like '{}', which is taken: people must tell names apart", name,
                  rows.view(0));
}

std::string grantsText(const std::vector<Grant>& grants) { return canonicalJson(grantsToJson(grants)); }
std::string fingerprint(std::string_view stored) { return crypto::sha256Hex(stored); }
std::string fingerprint(const Link& link) { return crypto::sha256Hex(link.issuer + "\n" + link.subject); }
std::string userSubject(std::string_view name) { return fmt::format("user/{}", name); }

void insertToken(registry::Change& change, const NewTokenRow& row) {
  // A lone token without this right would lock everybody out, for ever.
  if (!anyoneExists(change.transaction) && !administersAll(row.grants))
    throw Error(Code::invalidState,
                "create a user first, because all requests need credentials once a token exists: "
                "regesta user create NAME, then regesta login --user NAME");
  requireWorkspaces(change.transaction, row.grants);
  if (change.transaction.query("SELECT 1 FROM service_token WHERE name = $1", {row.name}).next())
    throw error(Code::exists, "there is or was a token '{}'; choose another name", row.name);
  checkNameIsDistinct(change.transaction, "SELECT name FROM service_token", row.name);
  change.transaction.run(
      "INSERT INTO service_token (name, hash, grants, expires_at, revoked, created_at, created_by, access_key, trust) "
      "VALUES ($1, $2, $3, $4, 0, $5, $6, $7, $8)",
      {row.name, row.hash, grantsText(row.grants), row.expiresAt, change.now, change.actor.name, row.accessKey,
       row.trust});
  json::object data{
      {"grants", grantsToJson(row.grants)}, {"credential", fingerprint(row.hash)}, {"expires_at", row.expiresAt}};
  if (!row.accessKey.empty()) data["access_key"] = row.accessKey;
  if (!row.trust.empty()) data["trust"] = parseJson(row.trust);
  change.record(registry::Action::tokenCreated, "", fmt::format("token/{}", row.name), std::move(data));
}

void useOnce(db::Transaction& transaction, const Access::OneTime& use, std::string_view message) {
  transaction.run("DELETE FROM finished_sign_in WHERE expires_at <= $1", {nowMillis()});
  if (transaction.run("INSERT INTO finished_sign_in (id, expires_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING",
                      {use.id, use.expiresAt}) == 0)
    throw Error(Code::unauthenticated, std::string(message));
}

void insertSessionRow(registry::Change& change, std::string_view actor, const Access::Session& session,
                      std::string_view via, std::string_view agent, json::object details) {
  change.transaction.run(
      "INSERT INTO session (hash, actor, created_at, expires_at, via, agent, used_at) "
      "VALUES ($1, $2, $3, $4, $5, $6, $3)",
      {crypto::hashToken(session.secret), actor, nowMillis(), session.expiresAt, via, agent});
  details["expires_at"] = session.expiresAt;
  details["via"] = via.empty() ? "credentials" : via;
  change.record(registry::Action::sessionOpened, "", subjectOf(actor), std::move(details));
}

User insertUser(registry::Change& change, std::string_view name, std::string_view passwordHash,
                const std::vector<Grant>& grants, const std::optional<Link>& link) {
  auto taken = change.transaction.query("SELECT disabled FROM user_account WHERE name = $1", {name});
  if (taken.next()) {
    if (taken.integer(0) == 0) throw error(Code::exists, "user '{}' already exists", name);
    throw error(Code::exists,
                "'{}' was the name of a deleted user, to whom the ledger attributes actions; choose another", name);
  }
  checkNameIsDistinct(change.transaction, "SELECT name FROM user_account", name);
  User user{0, std::string(name), change.now, false, grants, !passwordHash.empty(), link};
  user.id = change.transaction.insert(
      "INSERT INTO user_account (name, password, grants, disabled, created_at, created_by) "
      "VALUES ($1, $2, $3, 0, $4, $5) RETURNING id",
      {name, passwordHash, grantsText(grants), change.now, change.actor.name});
  json::object data{{"grants", grantsToJson(grants)},
                    {"credential", passwordHash.empty() ? "" : fingerprint(passwordHash)}};
  if (link) {
    storeLink(change.transaction, user.id, *link);
    data["link"] = fingerprint(*link);
  }
  change.record(registry::Action::userCreated, "", userSubject(name), std::move(data));
  return user;
}

void setUserGrants(registry::Change& change, const UserRow& user, const std::vector<Grant>& grants) {
  if (administersAll(grantsFromJson(user.grants)) && !administersAll(grants))
    requireAdminBesides(change.transaction, user.name);
  change.transaction.run("UPDATE user_account SET grants = $2 WHERE id = $1", {user.id, grantsText(grants)});
  change.record(registry::Action::userGrantsSet, "", userSubject(user.name), {{"grants", grantsToJson(grants)}});
}

void setUserLink(registry::Change& change, const UserRow& user, const Link& link) {
  // The account's previous user may be another person.
  auto same = change.transaction.query(
      "SELECT 1 FROM user_link WHERE user_account = $1 AND issuer = $2 AND (subject = $3 OR subject = '')",
      {user.id, link.issuer, link.subject});
  if (!same.next())
    change.transaction.run("DELETE FROM session WHERE actor = $1 AND via = 'oidc'",
                           {registry::Actor::user(user.name).name});
  storeLink(change.transaction, user.id, link);
  change.record(registry::Action::userLinked, "", userSubject(user.name), {{"link", fingerprint(link)}});
}

}  // namespace regesta::access

#include <algorithm>

#include "access/access_key.h"
#include "access/access_state.h"
#include "access/grants.h"
#include "access/password_rules.h"
#include "access/user_rows.h"
#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "crypto/password.h"
#include "db/columns.h"

namespace regesta::access {

namespace {

std::string tokenSubject(std::string_view name) { return fmt::format("token/{}", name); }

/// Ends sessions whose credentials are no longer valid, or whose user was deleted.
void endSessions(db::Transaction& transaction, std::string_view actor, std::string_view keep = {}) {
  transaction.run("DELETE FROM session WHERE actor = $1 AND hash <> $2",
                  {actor, keep.empty() ? std::string() : crypto::hashToken(keep)});
}

}  // namespace

void Access::State::countUp(db::Transaction& transaction) {
  transaction.run("UPDATE access_state SET number = number + 1 WHERE one = 1");
}
void Access::State::touch(registry::Change& change) { countUp(change.transaction); }

User Access::createUser(const registry::Actor& actor, std::string_view name, std::string_view password,
                        const std::vector<Grant>& asked) {
  checkActorName(name);
  checkNewPassword(name, password);
  std::vector<Grant> grants = checkGrants(asked);
  std::string hash = crypto::hashPassword(password);
  User made = state_->store.change(actor, [&](registry::Change& change) {
    requireWorkspaces(change.transaction, grants);
    std::vector<Grant> given = grants;
    // No other user exists who could grant the first user a role.
    if (!anyoneExists(change.transaction) && !administersAll(given)) given.push_back({"admin", "*", "*"});
    User user = insertUser(change, name, hash, given, std::nullopt);
    State::touch(change);
    return user;
  });
  state_->forget();
  return made;
}

std::vector<User> Access::users() {
  return state_->store.read([](db::Transaction& transaction) {
    static constexpr std::string_view sql =
        "SELECT u.id, u.name, u.created_at, u.disabled, u.grants, u.password, l.issuer, l.subject "
        "FROM user_account u LEFT JOIN user_link l ON l.user_account = u.id AND u.disabled = 0 ORDER BY u.name";
    constexpr db::Columns at(sql);
    std::vector<User> users;
    auto rows = transaction.query(sql);
    while (rows.next()) {
      users.push_back({rows.integer(at["id"]), rows.text(at["name"]), rows.integer(at["created_at"]),
                       rows.integer(at["disabled"]) != 0, grantsFromJson(rows.view(at["grants"])),
                       !rows.view(at["password"]).empty(), std::nullopt});
      if (!rows.isNull(at["issuer"])) users.back().link = Link{rows.text(at["issuer"]), rows.text(at["subject"])};
    }
    return users;
  });
}

bool Access::hasPassword(std::string_view name) {
  return state_->store.read([&](db::Transaction& transaction) { return activeUser(transaction, name).password; });
}

void Access::requirePassword(std::string_view name, std::string_view password, std::string_view address) {
  std::string hash = state_->store.read([&](db::Transaction& transaction) {
    auto rows = transaction.query("SELECT password FROM user_account WHERE name = $1 AND disabled = 0", {name});
    return rows.next() ? rows.text(0) : std::string();
  });
  if (!state_->isRight(name, password, hash, address))
    throw error(Code::denied, "field 'current_password' is not the password that '{}' has now", name);
}

void Access::setPassword(const registry::Actor& actor, std::string_view name, std::string_view password,
                         std::string_view keep) {
  checkNewPassword(name, password);
  std::string hash = crypto::hashPassword(password);
  state_->store.change(actor, [&](registry::Change& change) {
    UserRow user = activeUser(change.transaction, name);
    if (!user.password && actor == registry::Actor::user(name) && !administersAll(grantsFromJson(user.grants)))
      throw error(Code::denied, "'{}' signs in at the identity provider; an admin can set a password", name);
    change.transaction.run("UPDATE user_account SET password = $2 WHERE id = $1", {user.id, hash});
    endSessions(change.transaction, registry::Actor::user(name).name, keep);
    change.record(registry::Action::userPasswordSet, "", userSubject(name), {{"credential", fingerprint(hash)}});
    State::touch(change);
  });
  state_->attempts.forget(name);
  state_->forget();
}

void Access::setGrants(const registry::Actor& actor, std::string_view name, const std::vector<Grant>& asked) {
  std::vector<Grant> grants = checkGrants(asked);
  state_->store.change(actor, [&](registry::Change& change) {
    requireWorkspaces(change.transaction, grants);
    setUserGrants(change, activeUser(change.transaction, name), grants);
    State::touch(change);
  });
  state_->forget();
}

void Access::deleteUser(const registry::Actor& actor, std::string_view name) {
  state_->store.change(actor, [&](registry::Change& change) {
    UserRow user = activeUser(change.transaction, name);
    if (administersAll(grantsFromJson(user.grants))) requireAdminBesides(change.transaction, name);
    change.transaction.run("UPDATE user_account SET disabled = 1, password = '', grants = '[]' WHERE id = $1",
                           {user.id});
    endSessions(change.transaction, registry::Actor::user(name).name);
    change.record(registry::Action::userDeleted, "", userSubject(name));
    State::touch(change);
  });
  state_->forget();
}

std::string Access::createToken(const registry::Actor& actor, std::string_view name, const std::vector<Grant>& asked,
                                std::int64_t expiresAt, TokenForm form) {
  checkActorName(name);
  std::vector<Grant> grants = checkGrants(asked);
  if (expiresAt != 0 && expiresAt <= nowMillis()) throw Invalid("expires_at", "must be in the future");
  std::string_view prefix = form == TokenForm::langfusePair ? "sk-lf-" : "rgs_";
  std::string secret = crypto::newToken(prefix);
  // W&B's client takes what precedes a dash for a prefix of its own, and the rest for too short a key.
  while (secret.find('-', prefix.size()) != std::string::npos) secret = crypto::newToken(prefix);
  std::string hash = crypto::hashToken(secret);
  std::string accessKey = form == TokenForm::s3 ? newAccessKeyId() : std::string();
  state_->store.change(actor, [&](registry::Change& change) {
    insertToken(change, {std::string(name), hash, grants, expiresAt, accessKey, {}});
    State::touch(change);
  });
  state_->forget();
  return secret;
}

std::vector<Token> Access::tokens() {
  return state_->store.read([](db::Transaction& transaction) {
    static constexpr std::string_view sql =
        "SELECT id, name, created_at, expires_at, grants, access_key FROM service_token WHERE revoked = 0 ORDER BY "
        "name";
    constexpr db::Columns at(sql);
    std::vector<Token> tokens;
    auto rows = transaction.query(sql);
    while (rows.next())
      tokens.push_back({rows.integer(at["id"]), rows.text(at["name"]), rows.integer(at["created_at"]),
                        rows.integer(at["expires_at"]), grantsFromJson(rows.view(at["grants"])),
                        rows.text(at["access_key"])});
    return tokens;
  });
}

void Access::revokeToken(const registry::Actor& actor, std::string_view name) {
  state_->store.change(actor, [&](registry::Change& change) {
    if (change.transaction.run("UPDATE service_token SET revoked = 1 WHERE name = $1 AND revoked = 0", {name}) == 0)
      throw error(Code::notFound, "the token '{}' does not exist", name);
    endSessions(change.transaction, registry::Actor::token(name).name);
    change.record(registry::Action::tokenRevoked, "", tokenSubject(name));
    State::touch(change);
  });
  state_->forget();
}

}  // namespace regesta::access

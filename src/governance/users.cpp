#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "crypto/hash.h"
#include "crypto/password.h"
#include "governance/access_state.h"
#include "governance/grants.h"

namespace regesta::governance {

namespace {

void checkActorName(std::string_view name) {
  if (!isActorName(name)) throw Invalid("name", "must be 1 to 100 letters, digits, '.', '_', '@' and '-'");
}

void checkNewPassword(std::string_view password) {
  if (password.size() < 8) throw Invalid("password", "must have at least 8 characters");
  if (password.size() > 1024) throw Invalid("password", "must have at most 1024 bytes");
  if (password.starts_with("rgs_") || password.starts_with("sk-lf-"))
    throw Invalid("password", "must not begin with \"rgs_\" or \"sk-lf-\", as tokens do");
}

/// What the ledger says of a stored password or token: enough to notice that it was replaced, useless for guessing.
std::string fingerprint(std::string_view stored) { return crypto::sha256Hex(stored); }

std::string text(const std::vector<Grant>& grants) { return canonicalJson(grantsToJson(grants)); }

bool anyoneExists(db::Session& session) {
  auto rows = session.query("SELECT (SELECT COUNT(*) FROM user_account) + (SELECT COUNT(*) FROM service_token)");
  return rows.next() && rows.integer(0) > 0;
}

void requireAdminBesides(db::Session& session, std::string_view name) {
  auto rows = session.query("SELECT name, grants FROM user_account WHERE disabled = 0");
  while (rows.next())
    if (rows.view(0) != name && administersAll(grantsFromJson(rows.view(1)))) return;
  throw error(Code::invalidState, "'{}' is the last user who administers everything; make another one first", name);
}

std::string subject(std::string_view what, std::string_view name) { return fmt::format("{}/{}", what, name); }

struct Row {
  std::int64_t id;
  std::string grants;
};
Row activeUser(db::Session& session, std::string_view name) {
  auto rows = session.query("SELECT id, grants FROM user_account WHERE name = $1 AND disabled = 0", {name});
  if (!rows.next()) throw error(Code::notFound, "there is no user '{}'", name);
  return {rows.integer(0), rows.text(1)};
}

}  // namespace

void Access::State::touch(registry::Change& change) {
  change.session.run("UPDATE access_state SET number = number + 1 WHERE one = 1");
}

User Access::createUser(const registry::Actor& actor, std::string_view name, std::string_view password,
                        const std::vector<Grant>& asked) {
  checkActorName(name);
  checkNewPassword(password);
  std::vector<Grant> grants = checkGrants(asked);
  std::string hash = crypto::hashPassword(password);
  User made = state_->store.change(actor, [&](registry::Change& change) {
    User user{0, std::string(name), change.now, false, grants};
    // Nobody else could ever give the first user a role.
    if (!anyoneExists(change.session) && !administersAll(user.grants)) user.grants.push_back({"admin", "*", "*"});
    auto taken = change.session.query("SELECT disabled FROM user_account WHERE name = $1", {name});
    if (taken.next()) {
      if (taken.integer(0) == 0) throw error(Code::exists, "there is a user '{}' already", name);
      throw error(Code::exists,
                  "'{}' was the name of a user who is gone; what they did stays theirs, so choose another", name);
    }
    user.id = change.session.insert(
        "INSERT INTO user_account (name, password, grants, disabled, created_at, created_by) "
        "VALUES ($1, $2, $3, 0, $4, $5) RETURNING id",
        {name, hash, text(user.grants), change.now, actor.name});
    change.record("user.created", "", subject("user", name),
                  {{"grants", grantsToJson(user.grants)}, {"credential", fingerprint(hash)}});
    State::touch(change);
    return user;
  });
  state_->forget();
  return made;
}

std::vector<User> Access::users() {
  return state_->store.read([](db::Session& session) {
    std::vector<User> users;
    auto rows = session.query("SELECT id, name, created_at, disabled, grants FROM user_account ORDER BY name");
    while (rows.next())
      users.push_back(
          {rows.integer(0), rows.text(1), rows.integer(2), rows.integer(3) != 0, grantsFromJson(rows.view(4))});
    return users;
  });
}

void Access::setPassword(const registry::Actor& actor, std::string_view name, std::string_view password) {
  checkNewPassword(password);
  std::string hash = crypto::hashPassword(password);
  state_->store.change(actor, [&](registry::Change& change) {
    Row user = activeUser(change.session, name);
    change.session.run("UPDATE user_account SET password = $2 WHERE id = $1", {user.id, hash});
    change.record("user.password-set", "", subject("user", name), {{"credential", fingerprint(hash)}});
    State::touch(change);
  });
  state_->attempts.succeeded(name);
  state_->forget();
}

void Access::setGrants(const registry::Actor& actor, std::string_view name, const std::vector<Grant>& asked) {
  std::vector<Grant> grants = checkGrants(asked);
  state_->store.change(actor, [&](registry::Change& change) {
    Row user = activeUser(change.session, name);
    if (administersAll(grantsFromJson(user.grants)) && !administersAll(grants))
      requireAdminBesides(change.session, name);
    change.session.run("UPDATE user_account SET grants = $2 WHERE id = $1", {user.id, text(grants)});
    change.record("user.grants-set", "", subject("user", name), {{"grants", grantsToJson(grants)}});
    State::touch(change);
  });
  state_->forget();
}

void Access::deleteUser(const registry::Actor& actor, std::string_view name) {
  state_->store.change(actor, [&](registry::Change& change) {
    Row user = activeUser(change.session, name);
    if (administersAll(grantsFromJson(user.grants))) requireAdminBesides(change.session, name);
    change.session.run("UPDATE user_account SET disabled = 1, password = '', grants = '[]' WHERE id = $1", {user.id});
    change.record("user.deleted", "", subject("user", name));
    State::touch(change);
  });
  state_->forget();
}

std::string Access::createToken(const registry::Actor& actor, std::string_view name, const std::vector<Grant>& asked,
                                std::int64_t expiresAt, TokenForm form) {
  checkActorName(name);
  std::vector<Grant> grants = checkGrants(asked);
  if (expiresAt != 0 && expiresAt <= nowMillis()) throw Invalid("expires_at", "must lie in the future");
  std::string secret = crypto::newToken(form == TokenForm::langfusePair ? "sk-lf-" : "rgs_");
  std::string hash = crypto::hashToken(secret);
  state_->store.change(actor, [&](registry::Change& change) {
    // A lone token without this right would lock everybody out, for ever.
    if (!anyoneExists(change.session) && !administersAll(grants))
      throw Error(Code::invalidState, "create a user first: from the first token on, everything asks for credentials");
    if (change.session.query("SELECT 1 FROM service_token WHERE name = $1", {name}).next())
      throw error(Code::exists, "there is or was a token '{}'; choose another name", name);
    change.session.run(
        "INSERT INTO service_token (name, hash, grants, expires_at, revoked, created_at, created_by) "
        "VALUES ($1, $2, $3, $4, 0, $5, $6)",
        {name, hash, text(grants), expiresAt, change.now, actor.name});
    change.record("token.created", "", subject("token", name),
                  {{"grants", grantsToJson(grants)}, {"credential", fingerprint(hash)}, {"expires_at", expiresAt}});
    State::touch(change);
  });
  state_->forget();
  return secret;
}

std::vector<Token> Access::tokens() {
  return state_->store.read([](db::Session& session) {
    std::vector<Token> tokens;
    auto rows = session.query(
        "SELECT id, name, created_at, expires_at, grants FROM service_token WHERE revoked = 0 ORDER BY name");
    while (rows.next())
      tokens.push_back({rows.integer(0), rows.text(1), rows.integer(2), rows.integer(3), grantsFromJson(rows.view(4))});
    return tokens;
  });
}

void Access::revokeToken(const registry::Actor& actor, std::string_view name) {
  state_->store.change(actor, [&](registry::Change& change) {
    if (change.session.run("UPDATE service_token SET revoked = 1 WHERE name = $1 AND revoked = 0", {name}) == 0)
      throw error(Code::notFound, "there is no token '{}'", name);
    change.record("token.revoked", "", subject("token", name));
    State::touch(change);
  });
  state_->forget();
}

}  // namespace regesta::governance

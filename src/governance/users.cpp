#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "crypto/password.h"
#include "governance/access_state.h"
#include "governance/grants.h"
#include "governance/user_rows.h"

namespace regesta::governance {

namespace {

void checkNewPassword(std::string_view password) {
  if (password.size() < 8) throw Invalid("password", "must have at least 8 characters");
  if (password.size() > 1024) throw Invalid("password", "must have at most 1024 bytes");
  if (password.starts_with("rgs_") || password.starts_with("sk-lf-"))
    throw Invalid("password", "must not begin with \"rgs_\" or \"sk-lf-\", as tokens do");
}

std::string tokenSubject(std::string_view name) { return fmt::format("token/{}", name); }

}  // namespace

void Access::State::countUp(db::Session& session) {
  session.run("UPDATE access_state SET number = number + 1 WHERE one = 1");
}
void Access::State::touch(registry::Change& change) { countUp(change.session); }

User Access::createUser(const registry::Actor& actor, std::string_view name, std::string_view password,
                        const std::vector<Grant>& asked) {
  checkActorName(name);
  checkNewPassword(password);
  std::vector<Grant> grants = checkGrants(asked);
  std::string hash = crypto::hashPassword(password);
  User made = state_->store.change(actor, [&](registry::Change& change) {
    requireWorkspaces(change.session, grants);
    std::vector<Grant> given = grants;
    // Nobody else could ever give the first user a role.
    if (!anyoneExists(change.session) && !administersAll(given)) given.push_back({"admin", "*", "*"});
    User user = insertUser(change, name, hash, given, std::nullopt);
    State::touch(change);
    return user;
  });
  state_->forget();
  return made;
}

std::vector<User> Access::users() {
  return state_->store.read([](db::Session& session) {
    std::vector<User> users;
    auto rows = session.query(
        "SELECT u.id, u.name, u.created_at, u.disabled, u.grants, u.password, l.issuer, l.subject "
        "FROM user_account u LEFT JOIN user_link l ON l.user_account = u.id AND u.disabled = 0 ORDER BY u.name");
    while (rows.next()) {
      users.push_back({rows.integer(0), rows.text(1), rows.integer(2), rows.integer(3) != 0,
                       grantsFromJson(rows.view(4)), !rows.view(5).empty(), std::nullopt});
      if (!rows.isNull(6)) users.back().link = Link{rows.text(6), rows.text(7)};
    }
    return users;
  });
}

void Access::setPassword(const registry::Actor& actor, std::string_view name, std::string_view password) {
  checkNewPassword(password);
  std::string hash = crypto::hashPassword(password);
  state_->store.change(actor, [&](registry::Change& change) {
    UserRow user = activeUser(change.session, name);
    if (!user.password && actor.name == fmt::format("user:{}", name) && !administersAll(grantsFromJson(user.grants)))
      throw error(Code::denied, "'{}' signs in at the identity provider; an admin can set a password", name);
    change.session.run("UPDATE user_account SET password = $2 WHERE id = $1", {user.id, hash});
    change.record("user.password-set", "", userSubject(name), {{"credential", fingerprint(hash)}});
    State::touch(change);
  });
  state_->attempts.succeeded(name);
  state_->forget();
}

void Access::setGrants(const registry::Actor& actor, std::string_view name, const std::vector<Grant>& asked) {
  std::vector<Grant> grants = checkGrants(asked);
  state_->store.change(actor, [&](registry::Change& change) {
    requireWorkspaces(change.session, grants);
    setUserGrants(change, activeUser(change.session, name), grants);
    State::touch(change);
  });
  state_->forget();
}

void Access::deleteUser(const registry::Actor& actor, std::string_view name) {
  state_->store.change(actor, [&](registry::Change& change) {
    UserRow user = activeUser(change.session, name);
    if (administersAll(grantsFromJson(user.grants))) requireAdminBesides(change.session, name);
    change.session.run("UPDATE user_account SET disabled = 1, password = '', grants = '[]' WHERE id = $1", {user.id});
    change.record("user.deleted", "", userSubject(name));
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
      throw Error(Code::invalidState,
                  "create a user first, because from the first token on everything asks for credentials: "
                  "regesta user create NAME, then regesta login --user NAME");
    requireWorkspaces(change.session, grants);
    if (change.session.query("SELECT 1 FROM service_token WHERE name = $1", {name}).next())
      throw error(Code::exists, "there is or was a token '{}'; choose another name", name);
    change.session.run(
        "INSERT INTO service_token (name, hash, grants, expires_at, revoked, created_at, created_by) "
        "VALUES ($1, $2, $3, $4, 0, $5, $6)",
        {name, hash, grantsText(grants), expiresAt, change.now, actor.name});
    change.record("token.created", "", tokenSubject(name),
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
    change.record("token.revoked", "", tokenSubject(name));
    State::touch(change);
  });
  state_->forget();
}

}  // namespace regesta::governance

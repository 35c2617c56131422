#include <algorithm>

#include "access/access_state.h"
#include "access/grants.h"
#include "access/recorded.h"
#include "access/user_rows.h"
#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "crypto/password.h"
#include "db/columns.h"

namespace regesta::access {

namespace {

constexpr std::int64_t notedMillis = std::int64_t{10} * 60 * 1000;  // how exactly the last use is known at least
constexpr std::string_view throughProvider = "oidc";
constexpr std::size_t agentLength = 256, idLength = 16;

struct Standing {
  std::string grants;
  std::int64_t expiresAt = 0;  // of its token; 0: never
};

/// Current permissions of a session's actor; nothing if the account is gone.
std::optional<Standing> standingOf(db::Transaction& transaction, std::string_view actor) {
  registry::ActorId id = registry::ActorId::read(actor);
  bool user = id.kind == registry::ActorKind::user;
  auto rows =
      user ? transaction.query("SELECT grants, 0, id FROM user_account WHERE name = $1 AND disabled = 0", {id.name})
           : transaction.query("SELECT grants, expires_at, id FROM service_token WHERE name = $1 AND revoked = 0",
                               {id.name});
  if (!rows.next()) return std::nullopt;
  std::string_view table = user ? "user_account" : "service_token";
  if (!isRecorded(transaction, table, rows.integer(2), actor)) return std::nullopt;
  return Standing{rows.text(0), rows.integer(1)};
}

/// A short limit of inactivity needs a more exact last use.
std::int64_t notedWithin(std::int64_t idleMillis) {
  return idleMillis == 0 ? notedMillis : std::min(notedMillis, std::max<std::int64_t>(idleMillis / 4, 1));
}

void recordClosed(registry::Change& change, std::string_view actor, std::int64_t count) {
  change.record(registry::Action::sessionClosed, "", subjectOf(actor), {{"sessions", count}});
}

/// A disk that is full must not keep people from reading: then this use is not noted.
void recordUse(registry::Store& store, const std::string& hash, std::int64_t now) try {
  store.write([&](db::Transaction& transaction) {
    transaction.run("UPDATE session SET used_at = $1 WHERE hash = $2", {now, hash});
  });
} catch (const Error& failure) {
  log(LogLevel::warn, "the last use of a session could not be noted", {{"error", failure.message}});
}

}  // namespace

Access::Session Access::State::insertSession(registry::Change& change, std::string_view actor, Via via,
                                             std::string_view agent) const {
  Session opened{crypto::newToken(), nowMillis() + limits.longestMillis};
  db::Transaction& transaction = change.transaction;
  transaction.run("DELETE FROM session WHERE expires_at <= $1 OR used_at <= $2", {nowMillis(), idleSince(nowMillis())});
  insertSessionRow(change, actor, opened, via == Via::provider ? throughProvider : "",
                   isUtf8(agent) ? shorten(agent, agentLength) : "");
  return opened;
}

Access::Session Access::openSession(std::string_view authorization, std::string_view agent, std::string_view address) {
  auto identity = authenticate(authorization, address);
  if (identity->local) throw Error(Code::invalidState, "this server has no users, so sign-in is not needed");
  return state_->store.change(identity->actor, [&](registry::Change& change) {
    return state_->insertSession(change, identity->actor.name, State::Via::credentials, agent);
  });
}

bool Access::closeSession(std::string_view secret) {
  std::string hash = crypto::hashToken(secret);
  // Unauthenticated clients may call this: an unknown secret must be cheap.
  registry::Actor actor{state_->store.read([&](db::Transaction& transaction) {
    auto rows = transaction.query("SELECT actor FROM session WHERE hash = $1", {hash});
    return rows.next() ? rows.text(0) : std::string();
  })};
  if (actor.name.empty()) return false;
  bool provider = state_->store.change(actor, [&](registry::Change& change) {
    auto ended = change.transaction.query("DELETE FROM session WHERE hash = $1 RETURNING via", {hash});
    if (!ended.next()) return false;
    State::countUp(change.transaction);
    recordClosed(change, actor.name, 1);
    return ended.view(0) == throughProvider;
  });
  state_->forgetOne(fmt::format("Session {}", secret));
  return provider;
}

std::vector<Access::OpenSession> Access::sessions(const registry::Actor& actor, std::string_view current) {
  std::string mine = crypto::hashToken(current);
  return state_->store.read([&](db::Transaction& transaction) {
    static constexpr std::string_view sql =
        "SELECT hash, agent, created_at, used_at, expires_at, via FROM session WHERE actor = $1 AND expires_at > $2 "
        "AND used_at > $3 ORDER BY created_at DESC, hash";
    constexpr db::Columns at(sql);
    std::vector<OpenSession> open;
    auto rows = transaction.query(sql, {actor.name, nowMillis(), state_->idleSince(nowMillis())});
    while (rows.next())
      open.push_back({std::string(rows.view(at["hash"]).substr(0, idLength)), rows.text(at["agent"]),
                      rows.integer(at["created_at"]), rows.integer(at["used_at"]), rows.integer(at["expires_at"]),
                      rows.view(at["via"]) == throughProvider, rows.view(at["hash"]) == mine});
    return open;
  });
}

void Access::endSession(const registry::Actor& actor, std::string_view id) {
  state_->store.change(actor, [&](registry::Change& change) {
    if (change.transaction.run("DELETE FROM session WHERE actor = $1 AND substr(hash, 1, $2) = $3",
                               {actor.name, std::int64_t{idLength}, id}) == 0)
      throw error(Code::notFound, "you have no session {}", id);
    State::countUp(change.transaction);
    recordClosed(change, actor.name, 1);
  });
  state_->forget();
}

std::int64_t Access::closeSessions(const registry::Actor& actor) {
  std::int64_t ended = state_->store.change(actor, [&](registry::Change& change) {
    std::int64_t count = change.transaction.run("DELETE FROM session WHERE actor = $1", {actor.name});
    State::countUp(change.transaction);
    recordClosed(change, actor.name, count);
    return count;
  });
  state_->forget();
  return ended;
}

std::int64_t Access::endSessionsOf(const registry::Actor& actor, std::string_view name) {
  std::int64_t ended = state_->store.change(actor, [&](registry::Change& change) {
    activeUser(change.transaction, name);
    std::string owner = registry::Actor::user(name).name;
    std::int64_t count = change.transaction.run("DELETE FROM session WHERE actor = $1", {owner});
    State::countUp(change.transaction);
    recordClosed(change, owner, count);
    return count;
  });
  state_->forget();
  return ended;
}

std::int64_t Access::State::idleSince(std::int64_t now) const {
  return limits.idleMillis == 0 ? -1 : now - limits.idleMillis;
}

Access::State::Remembered Access::State::checkSession(std::string_view token, Use use) {
  std::string hash = crypto::hashToken(token);
  std::int64_t now = nowMillis(), usedAt = 0, noted = notedWithin(limits.idleMillis);
  Remembered known = store.read([&](db::Transaction& transaction) -> Remembered {
    auto rows = transaction.query("SELECT actor, expires_at, used_at FROM session WHERE hash = $1", {hash});
    std::optional<Standing> standing;
    if (rows.next() && rows.integer(1) > now && rows.integer(2) > idleSince(now) &&
        isRecorded(transaction, "session", hash, rows.view(0)))
      standing = standingOf(transaction, rows.view(0));
    if (!standing || (standing->expiresAt != 0 && standing->expiresAt <= now))
      throw Error(Code::unauthenticated, "the session is over: sign in again");
    usedAt = rows.integer(2);
    auto identity = std::make_shared<Identity>();
    identity->actor.name = rows.text(0);
    identity->grants = grantsFromJson(standing->grants);
    std::int64_t until = standing->expiresAt == 0 ? rows.integer(1) : std::min(rows.integer(1), standing->expiresAt);
    return {std::move(identity), std::min(until, now + noted)};  // then it comes by here again, and is noted
  });
  if (use == Use::request && usedAt <= now - noted) recordUse(store, hash, now);
  return known;
}

}  // namespace regesta::access

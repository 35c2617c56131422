#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "crypto/password.h"
#include "governance/access_state.h"
#include "governance/grants.h"

namespace regesta::governance {

namespace {

constexpr std::int64_t sessionMillis = std::int64_t{12} * 60 * 60 * 1000;  // a working day
constexpr std::int64_t notedMillis = std::int64_t{10} * 60 * 1000;         // how exactly the last use is known
constexpr std::string_view throughProvider = "oidc";
constexpr std::size_t agentLength = 256, idLength = 16;

struct Standing {
  std::string grants;
  std::int64_t expiresAt = 0;  // of the token behind it; 0: never
};

/// What the actor behind a session may do today; nothing when the account is gone.
std::optional<Standing> standingOf(db::Session& session, std::string_view actor) {
  std::string_view name = actor.substr(actor.find(':') + 1);
  auto rows =
      actor.starts_with("user:")
          ? session.query("SELECT grants, 0 FROM user_account WHERE name = $1 AND disabled = 0", {name})
          : session.query("SELECT grants, expires_at FROM service_token WHERE name = $1 AND revoked = 0", {name});
  if (!rows.next()) return std::nullopt;
  return Standing{rows.text(0), rows.integer(1)};
}

/// A disk that is full must not keep people from reading: then this use is not noted.
void noteUse(registry::Store& store, const std::string& hash, std::int64_t now) try {
  store.write(
      [&](db::Session& session) { session.run("UPDATE session SET used_at = $1 WHERE hash = $2", {now, hash}); });
} catch (const Error& failure) {
  log(LogLevel::warn, "the last use of a session could not be noted", {{"error", failure.message}});
}

}  // namespace

Access::Session Access::State::insertSession(db::Session& session, std::string_view actor, Via via,
                                             std::string_view agent) {
  Session opened{crypto::newToken(), nowMillis() + sessionMillis};
  session.run("DELETE FROM session WHERE expires_at <= $1", {nowMillis()});
  session.run(
      "INSERT INTO session (hash, actor, created_at, expires_at, via, agent, used_at) "
      "VALUES ($1, $2, $3, $4, $5, $6, $3)",
      {crypto::hashToken(opened.secret), actor, nowMillis(), opened.expiresAt,
       via == Via::provider ? throughProvider : "", isUtf8(agent) ? shorten(agent, agentLength) : ""});
  return opened;
}

Access::Session Access::openSession(std::string_view authorization, std::string_view agent) {
  auto identity = authenticate(authorization);
  if (identity->local) throw Error(Code::invalidState, "this server has no users: nobody needs to sign in");
  return state_->store.write([&](db::Session& session) {
    return State::insertSession(session, identity->actor.name, State::Via::credentials, agent);
  });
}

bool Access::closeSession(std::string_view secret) {
  bool provider = state_->store.write([&](db::Session& session) {
    auto ended = session.query("DELETE FROM session WHERE hash = $1 RETURNING via", {crypto::hashToken(secret)});
    bool through = ended.next() && ended.view(0) == throughProvider;
    State::countUp(session);
    return through;
  });
  state_->forget();
  return provider;
}

std::vector<Access::OpenSession> Access::sessions(const registry::Actor& actor, std::string_view current) {
  std::string mine = crypto::hashToken(current);
  return state_->store.read([&](db::Session& session) {
    std::vector<OpenSession> open;
    auto rows = session.query(
        "SELECT hash, agent, created_at, used_at, expires_at, via FROM session WHERE actor = $1 AND expires_at > $2 "
        "ORDER BY created_at DESC, hash",
        {actor.name, nowMillis()});
    while (rows.next())
      open.push_back({std::string(rows.view(0).substr(0, idLength)), rows.text(1), rows.integer(2), rows.integer(3),
                      rows.integer(4), rows.view(5) == throughProvider, rows.view(0) == mine});
    return open;
  });
}

void Access::endSession(const registry::Actor& actor, std::string_view id) {
  state_->store.write([&](db::Session& session) {
    if (session.run("DELETE FROM session WHERE actor = $1 AND substr(hash, 1, $2) = $3",
                    {actor.name, std::int64_t{idLength}, id}) == 0)
      throw error(Code::notFound, "you have no session {}", id);
    State::countUp(session);
  });
  state_->forget();
}

std::int64_t Access::closeSessions(const registry::Actor& actor) {
  std::int64_t ended = state_->store.write([&](db::Session& session) {
    std::int64_t count = session.run("DELETE FROM session WHERE actor = $1", {actor.name});
    State::countUp(session);
    return count;
  });
  state_->forget();
  return ended;
}

Access::State::Remembered Access::State::checkSession(std::string_view secret) {
  std::string hash = crypto::hashToken(secret);
  std::int64_t now = nowMillis(), usedAt = 0;
  Remembered known = store.read([&](db::Session& session) -> Remembered {
    auto rows = session.query("SELECT actor, expires_at, used_at FROM session WHERE hash = $1", {hash});
    std::optional<Standing> standing;
    if (rows.next() && rows.integer(1) > now) standing = standingOf(session, rows.view(0));
    if (!standing || (standing->expiresAt != 0 && standing->expiresAt <= now))
      throw Error(Code::unauthenticated, "the session is over: sign in again");
    usedAt = rows.integer(2);
    auto identity = std::make_shared<Identity>();
    identity->actor.name = rows.text(0);
    identity->grants = grantsFromJson(standing->grants);
    std::int64_t until = standing->expiresAt == 0 ? rows.integer(1) : std::min(rows.integer(1), standing->expiresAt);
    return {std::move(identity), std::min(until, now + notedMillis)};  // then it comes by here again, and is noted
  });
  if (usedAt <= now - notedMillis) noteUse(store, hash, now);
  return known;
}

}  // namespace regesta::governance

#include "governance/access.h"

#include <pwd.h>
#include <unistd.h>

#include <semaphore>

#include "base/encoding.h"
#include "base/error.h"
#include "base/id.h"
#include "base/text.h"
#include "base/time.h"
#include "crypto/hash.h"
#include "crypto/password.h"
#include "governance/access_state.h"
#include "governance/grants.h"

namespace regesta::governance {

namespace {

std::string loginName() {
  passwd entry{};
  passwd* found = nullptr;
  char buffer[4096];
  if (getpwuid_r(geteuid(), &entry, buffer, sizeof buffer, &found) == 0 && found && *found->pw_name)
    return found->pw_name;
  return std::to_string(geteuid());
}

// One check takes tens of MiB: two at a time keep the memory of the whole server within its bounds.
std::counting_semaphore<> passwordChecks{2};

bool checkSlowly(std::string_view hashed, std::string_view password) {
  passwordChecks.acquire();
  bool right = crypto::checkPassword(hashed, password);
  passwordChecks.release();
  return right;
}

[[noreturn]] void refuseCredentials() {
  throw Error(Code::unauthenticated, "the user name and password, or the token, are wrong");
}

struct Credentials {
  std::string name;  // empty: a token
  std::string secret;
  std::optional<std::string> publicKey = std::nullopt;  // sent beside a token: must be the token's
  bool session = false;
};

bool isTokenSecret(std::string_view text) { return text.starts_with("rgs_") || text.starts_with("sk-lf-"); }

Credentials readCredentials(std::string_view authorization) {
  std::size_t space = authorization.find(' ');
  std::string_view scheme = authorization.substr(0, space);
  std::string_view rest = space == std::string_view::npos ? std::string_view() : trim(authorization.substr(space));
  if (equalsIgnoreCase(scheme, "bearer")) return {"", std::string(rest)};
  if (scheme == "Session") return {"", std::string(rest), std::nullopt, true};
  if (!equalsIgnoreCase(scheme, "basic"))
    throw Error(Code::unauthenticated, "the Authorization header must be 'Basic …' or 'Bearer …'");
  auto decoded = base64Decode(rest);
  std::size_t colon = decoded ? decoded->find(':') : std::string::npos;
  if (colon == std::string::npos)
    throw Error(Code::unauthenticated, "the Basic credentials are not base64 of name:password");
  Credentials credentials{decoded->substr(0, colon), decoded->substr(colon + 1)};
  // Clients that only know names and passwords send a token as the password.
  if (!isTokenSecret(credentials.secret)) return credentials;
  if (credentials.name.starts_with("pk-lf-") || credentials.secret.starts_with("sk-lf-"))
    credentials.publicKey = credentials.name;
  credentials.name.clear();
  return credentials;
}

/// Read, or made by whichever server comes first.
std::string sharedSecret(registry::Store& store) {
  auto read = [](db::Session& session) {
    auto rows = session.query("SELECT secret FROM access_secret WHERE one = 1");
    return rows.next() ? rows.text(0) : std::string();
  };
  if (std::string known = store.read(read); !known.empty()) return known;
  std::string fresh = randomHex(32);
  return store.write([&](db::Session& session) {
    session.run("INSERT INTO access_secret (one, secret) VALUES (1, $1) ON CONFLICT (one) DO NOTHING", {fresh});
    return read(session);
  });
}

}  // namespace

Access::State::State(registry::Store& store, bool loopbackOnly)
    : store(store), loopbackOnly(loopbackOnly), key(randomBytes(32)), nobodysHash(crypto::hashPassword(randomHex(16))) {
  auto identity = std::make_shared<Identity>();
  identity->actor.name = "local:" + loginName();
  identity->local = true;
  local = std::move(identity);
  secret = sharedSecret(store);
}

std::string Access::State::keyed(std::string_view credentials) const { return crypto::hmacSha256(key, credentials); }

void Access::State::refresh() {
  if (Clock::now() - memory.lock()->readAt < freshFor) return;
  std::uint64_t generationBefore = generation();
  auto [number, anyone] = store.read([](db::Session& session) {
    auto rows = session.query(
        "SELECT number, (SELECT COUNT(*) FROM user_account) + (SELECT COUNT(*) FROM service_token) "
        "FROM access_state WHERE one = 1");
    REGESTA_INVARIANT(rows.next());
    return std::pair(rows.integer(0), rows.integer(1) > 0);
  });
  auto guard = memory.lock();
  if (guard->generation != generationBefore) return;  // a change in this process came between: what was read may be old
  if (guard->number != number) {
    guard->byCredentials.clear();
    ++guard->generation;
  }
  guard->number = number;
  guard->anyone = anyone;
  guard->readAt = Clock::now();
}

void Access::State::forget() {
  auto guard = memory.lock();
  guard->byCredentials.clear();
  ++guard->generation;
  guard->readAt = {};
}

std::uint64_t Access::State::generation() { return memory.lock()->generation; }

std::shared_ptr<const Identity> Access::State::recall(std::string_view credentials) {
  std::string name = keyed(credentials);
  auto guard = memory.lock();
  auto found = guard->byCredentials.find(name);
  if (found == guard->byCredentials.end()) return nullptr;
  if (found->second.expiresAt == 0 || found->second.expiresAt > nowMillis()) return found->second.identity;
  guard->byCredentials.erase(found);
  return nullptr;
}

void Access::State::remember(std::string_view credentials, std::uint64_t generationBefore, Remembered fresh) {
  std::string name = keyed(credentials);
  auto guard = memory.lock();
  if (guard->generation != generationBefore) return;  // users changed while the password was checked
  if (guard->byCredentials.size() >= mostRemembered) guard->byCredentials.clear();
  guard->byCredentials[name] = std::move(fresh);
}

Access::State::Remembered Access::State::checkPassword(std::string_view name, std::string_view password) {
  attempts.admit(name);
  auto [hash, grants] = store.read([&](db::Session& session) {
    if (!isActorName(name)) return std::pair(std::string(), std::string());
    auto rows = session.query("SELECT password, grants FROM user_account WHERE name = $1 AND disabled = 0", {name});
    if (!rows.next()) return std::pair(std::string(), std::string());
    return std::pair(rows.text(0), rows.text(1));
  });
  bool right = checkSlowly(hash.empty() ? nobodysHash : hash, password);
  if (hash.empty() || !right) {
    attempts.failed(name);
    refuseCredentials();
  }
  attempts.succeeded(name);
  auto identity = std::make_shared<Identity>();
  identity->actor.name = fmt::format("user:{}", name);
  identity->grants = grantsFromJson(grants);
  return {std::move(identity), 0};
}

Access::State::Remembered Access::State::checkToken(std::string_view secret,
                                                    const std::optional<std::string>& publicKey) {
  std::string hash = crypto::hashToken(secret);
  return store.read([&](db::Session& session) -> Remembered {
    auto rows =
        session.query("SELECT name, grants, expires_at FROM service_token WHERE hash = $1 AND revoked = 0", {hash});
    if (!rows.next()) refuseCredentials();
    if (publicKey && *publicKey != langfusePublicKey(rows.view(0))) refuseCredentials();
    std::int64_t expiresAt = rows.integer(2);
    if (expiresAt != 0 && expiresAt <= nowMillis())
      throw error(Code::unauthenticated, "the token '{}' expired at {}", rows.view(0), formatTime(expiresAt));
    auto identity = std::make_shared<Identity>();
    identity->actor.name = "token:" + rows.text(0);
    identity->grants = grantsFromJson(rows.view(1));
    return {std::move(identity), expiresAt};
  });
}

std::string langfusePublicKey(std::string_view tokenName) { return fmt::format("pk-lf-{}", tokenName); }

Access::Access(registry::Store& store, bool loopbackOnly) : state_(std::make_unique<State>(store, loopbackOnly)) {}
Access::~Access() = default;

std::string Access::capability(std::string_view purpose) const {
  return base64UrlEncode(crypto::hmacSha256(state_->secret, purpose));
}

bool Access::asksForCredentials() {
  state_->refresh();
  return state_->memory.lock()->anyone;
}

bool Access::wouldCheck(std::string_view authorization) {
  return asksForCredentials() && !state_->recall(authorization);
}

std::shared_ptr<const Identity> Access::authenticate(std::optional<std::string_view> authorization) {
  if (!asksForCredentials()) {
    if (state_->loopbackOnly) return state_->local;
    throw Error(
        Code::unauthenticated,
        "this server has no users yet; create the first on its own machine: regesta user create NAME --role admin");
  }
  if (authorization)
    if (auto known = state_->recall(*authorization)) return known;
  if (!authorization || trim(*authorization).empty())
    throw Error(Code::unauthenticated,
                "credentials are needed: user name and password, or a token (Authorization: Bearer rgs_…)");
  std::uint64_t generation = state_->generation();
  Credentials credentials = readCredentials(*authorization);
  State::Remembered fresh = credentials.session        ? state_->checkSession(credentials.secret)
                            : credentials.name.empty() ? state_->checkToken(credentials.secret, credentials.publicKey)
                                                       : state_->checkPassword(credentials.name, credentials.secret);
  auto identity = fresh.identity;
  state_->remember(*authorization, generation, std::move(fresh));
  return identity;
}

}  // namespace regesta::governance

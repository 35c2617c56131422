#include "access/access.h"

#include <pwd.h>
#include <unistd.h>

#include "access/access_state.h"
#include "access/grants.h"
#include "access/recorded.h"
#include "access/workload.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/id.h"
#include "base/text.h"
#include "base/time.h"
#include "crypto/hash.h"
#include "crypto/password.h"
#include "db/columns.h"

namespace regesta::access {

namespace {

std::string loginName() {
  passwd entry{};
  passwd* found = nullptr;
  char buffer[4096];
  if (getpwuid_r(geteuid(), &entry, buffer, sizeof buffer, &found) == 0 && found && *found->pw_name)
    return found->pw_name;
  return std::to_string(geteuid());
}

[[noreturn]] void refuseCredentials() {
  throw Error(Code::unauthenticated, "the user name and password, or the token, are wrong");
}

struct Credentials {
  std::string name;  // empty: a token
  std::string secret;
  std::optional<std::string> publicKey = std::nullopt;  // sent with a token: must be the token's
  bool session = false;
};

bool isTokenSecret(std::string_view text) {
  return text.starts_with("rgs_") || text.starts_with("sk-lf-") || text.starts_with(workloadPrefix);
}

Credentials readCredentials(std::string_view authorization) {
  std::size_t space = authorization.find(' ');
  std::string_view scheme = authorization.substr(0, space);
  std::string_view rest = space == std::string_view::npos ? std::string_view() : trim(authorization.substr(space));
  // "token" is the scheme of DVC Studio's clients.
  if (equalsIgnoreCase(scheme, "bearer") || equalsIgnoreCase(scheme, "token"))
    return {"", std::string(rest), std::nullopt, rest.starts_with(workloadPrefix)};
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
  credentials.session = credentials.secret.starts_with(workloadPrefix);
  return credentials;
}

}  // namespace

Access::State::State(registry::Store& store, bool loopbackOnly, SessionLimits limits)
    : store(store),
      loopbackOnly(loopbackOnly),
      limits(limits),
      key(randomBytes(32)),
      nobodysHash(crypto::hashPassword(randomHex(16))),
      secretKey(store.key("regesta access v1")) {
  auto identity = std::make_shared<Identity>();
  identity->actor = registry::Actor::local(loginName());
  identity->local = true;
  local = std::move(identity);
}

std::string Access::State::keyed(std::string_view credentials) const { return crypto::hmacSha256(key, credentials); }

void Access::State::refresh() {
  if (Clock::now() - Clock::time_point(Clock::duration(readAt.load())) < freshFor) return;
  std::uint64_t generationBefore = generation.load();
  auto [number, exists] = store.read([](db::Transaction& transaction) {
    auto rows = transaction.query(
        "SELECT number, (SELECT COUNT(*) FROM user_account) + (SELECT COUNT(*) FROM service_token) "
        "FROM access_state WHERE one = 1");
    REGESTA_INVARIANT(rows.next());
    return std::pair(rows.integer(0), rows.integer(1) > 0);
  });
  auto guard = memory.lock();
  if (generation != generationBefore) return;  // a change in this process came between: what was read may be old
  if (guard->number != number) {
    guard->byCredentials.clear();
    guard->byKey.clear();
    ++generation;
  }
  guard->number = number;
  anyone = exists;
  readAt = Clock::now().time_since_epoch().count();
}

void Access::State::forgetOne(std::string_view credentials) {
  std::string name = keyed(credentials);
  auto guard = memory.lock();
  guard->byCredentials.erase(name);
  ++generation;  // what lasts looks whether it was this
}

void Access::State::forget() {
  auto guard = memory.lock();
  guard->byCredentials.clear();
  guard->byKey.clear();
  ++generation;
  readAt = 0;
}

std::optional<Access::State::Remembered> Access::State::recall(std::string_view credentials) {
  std::string name = keyed(credentials);
  auto guard = memory.lock();
  auto found = guard->byCredentials.find(name);
  if (found == guard->byCredentials.end()) return std::nullopt;
  if (found->second.expiresAt == 0 || found->second.expiresAt > nowMillis()) return found->second;
  guard->byCredentials.erase(found);
  return std::nullopt;
}

void Access::State::remember(std::string_view credentials, std::uint64_t generationBefore, Remembered fresh) {
  std::string name = keyed(credentials);
  auto guard = memory.lock();
  if (generation != generationBefore) return;  // users changed while the password was checked
  if (guard->byCredentials.size() >= mostRemembered) guard->byCredentials.erase(guard->byCredentials.begin());
  guard->byCredentials[name] = std::move(fresh);
}

bool Access::State::isRight(std::string_view name, std::string_view password, const std::string& hash,
                            std::string_view address) {
  std::string credentials = keyed(fmt::format("{}\n{}", name, password));
  {
    auto guard = memory.lock();
    auto known = guard->verified.find(std::string(name));
    if (known != guard->verified.end() && known->second.credentials == credentials && known->second.hash == hash)
      return true;
  }
  bool known = isKnown(name, address);
  bool right = checks.run(credentials, known, [&] {
    Attempts::Try attempt = attempts.begin(name, address);
    bool matches = crypto::checkPassword(hash.empty() ? nobodysHash : hash, password) && !hash.empty();
    if (matches) attempt.succeeded();
    return matches;
  });
  if (!right) return false;
  if (!known) noteAddress(name, address);
  auto guard = memory.lock();
  if (guard->verified.size() >= mostRemembered) guard->verified.erase(guard->verified.begin());
  guard->verified[std::string(name)] = {std::move(credentials), hash};
  return true;
}

Access::State::Remembered Access::State::checkPassword(std::string_view name, std::string_view password,
                                                       std::string_view address) {
  auto [hash, grants] = store.read([&](db::Transaction& transaction) {
    if (!isActorName(name)) return std::pair(std::string(), std::string());
    auto rows =
        transaction.query("SELECT password, grants, id FROM user_account WHERE name = $1 AND disabled = 0", {name});
    if (!rows.next() || !isRecorded(transaction, "user_account", rows.integer(2), registry::Actor::user(name).name))
      return std::pair(std::string(), std::string());
    return std::pair(rows.text(0), rows.text(1));
  });
  if (!isRight(name, password, hash, address)) refuseCredentials();
  auto identity = std::make_shared<Identity>();
  identity->actor = registry::Actor::user(name);
  identity->grants = grantsFromJson(grants);
  return {std::move(identity), 0};
}

Access::State::Remembered Access::State::checkToken(std::string_view token,
                                                    const std::optional<std::string>& publicKey) {
  std::string hash = crypto::hashToken(token);
  return store.read([&](db::Transaction& transaction) -> Remembered {
    static constexpr std::string_view sql =
        "SELECT name, grants, expires_at, id FROM service_token WHERE hash = $1 AND revoked = 0";
    constexpr db::Columns at(sql);
    auto rows = transaction.query(sql, {hash});
    if (!rows.next()) refuseCredentials();
    if (!isRecorded(transaction, "service_token", rows.integer(at["id"]),
                    registry::Actor::token(rows.view(at["name"])).name))
      refuseCredentials();
    if (publicKey && *publicKey != langfusePublicKey(rows.view(at["name"]))) refuseCredentials();
    std::int64_t expiresAt = rows.integer(at["expires_at"]);
    if (expiresAt != 0 && expiresAt <= nowMillis())
      throw error(Code::unauthenticated, "the token '{}' expired at {}", rows.view(at["name"]), formatTime(expiresAt));
    auto identity = std::make_shared<Identity>();
    identity->actor = registry::Actor::token(rows.view(at["name"]));
    identity->grants = grantsFromJson(rows.view(at["grants"]));
    return {std::move(identity), expiresAt};
  });
}

std::string langfusePublicKey(std::string_view tokenName) { return fmt::format("pk-lf-{}", tokenName); }

Access::Access(registry::Store& store, bool loopbackOnly, SessionLimits limits)
    : state_(std::make_unique<State>(store, loopbackOnly, limits)) {}
Access::~Access() = default;

std::string Access::capability(std::string_view purpose) const {
  return base64UrlEncode(*hexDecode(state_->secretKey.tag({"capability", purpose})));
}

bool Access::asksForCredentials() {
  state_->refresh();
  return state_->anyone;
}

bool Access::wouldCheck(std::string_view authorization) {
  return asksForCredentials() && !state_->recall(authorization);
}

std::shared_ptr<const Identity> Access::authenticate(std::optional<std::string_view> authorization,
                                                     std::string_view address) {
  return admit(authorization, address).identity;
}

std::uint64_t Access::changes() {
  asksForCredentials();  // which looks at what other processes changed
  return state_->generation.load();
}

bool Access::mayRead(std::string_view actor, std::string_view workspace) {
  return state_->store.read([&](db::Transaction& transaction) {
    return identityOf(transaction, actor, nowMillis()).may(Verb::read, workspace);
  });
}

bool Access::isCurrent(const Admission& admission) {
  if (changes() != admission.generation) return false;
  return admission.expiresAt == 0 || admission.expiresAt > nowMillis();
}

Access::Admission Access::admit(std::optional<std::string_view> authorization, std::string_view address, Use use) {
  bool asks = asksForCredentials();
  std::uint64_t generation = state_->generation.load();
  if (!asks) {
    if (state_->loopbackOnly) return {state_->local, generation, 0};
    throw Error(
        Code::unauthenticated,
        "this server has no users yet; create the first on its own machine: regesta user create NAME --role admin");
  }
  if (authorization)
    if (auto known = state_->recall(*authorization)) return {known->identity, generation, known->expiresAt};
  if (!authorization || trim(*authorization).empty())
    throw Error(Code::unauthenticated,
                "credentials are needed: user name and password, or a token (Authorization: Bearer rgs_…)");
  Credentials credentials = readCredentials(*authorization);
  State::Remembered fresh = credentials.session ? state_->checkSession(credentials.secret, use)
                            : credentials.name.empty()
                                ? state_->checkToken(credentials.secret, credentials.publicKey)
                                : state_->checkPassword(credentials.name, credentials.secret, address);
  // A session that was only looked at is not remembered: the next request must be noted as its use.
  if (use == Use::request || !credentials.session) state_->remember(*authorization, generation, fresh);
  return {fresh.identity, generation, fresh.expiresAt};
}

}  // namespace regesta::access

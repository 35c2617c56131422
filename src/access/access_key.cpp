#include "access/access_key.h"

#include "access/access_state.h"
#include "access/grants.h"
#include "access/recorded.h"
#include "base/error.h"
#include "base/id.h"
#include "base/time.h"
#include "db/columns.h"

namespace regesta::access {

namespace {

constexpr std::string_view prefix = "RGSK";
constexpr std::size_t randomLetters = 16;  // 80 bits
constexpr std::size_t secretLength = 40;   // as AWS has it: 160 bits

}  // namespace

std::string newAccessKeyId() {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string id(prefix);
  for (char byte : randomBytes(randomLetters)) id += letters[static_cast<unsigned char>(byte) % letters.size()];
  return id;
}

// The hash of the token's secret binds the key to this token, and the store's secret keeps readers of the database out.
std::string Access::State::secretOfKey(std::string_view id, std::string_view token, std::string_view hash) const {
  return store.key("regesta s3 key v1").tag({id, token, hash}).substr(0, secretLength);
}

AccessKey Access::accessKeyOf(std::string_view tokenName) {
  return state_->store.read([&](db::Transaction& transaction) {
    auto rows = transaction.query(
        "SELECT access_key, hash FROM service_token WHERE name = $1 AND revoked = 0 AND "
        "access_key <> ''",
        {tokenName});
    if (!rows.next()) throw error(Code::notFound, "the token '{}' has no S3 key", tokenName);
    return AccessKey{rows.text(0), state_->secretOfKey(rows.view(0), tokenName, rows.view(1))};
  });
}

Access::State::RememberedKey Access::State::checkKey(std::string_view accessKeyId) {
  auto unknown = [] {
    return Error(Code::unauthenticated, "the access key id does not exist, or its token is revoked");
  };
  if (!accessKeyId.starts_with(prefix)) throw unknown();
  return store.read([&](db::Transaction& transaction) -> RememberedKey {
    static constexpr std::string_view sql =
        "SELECT name, grants, expires_at, id, hash FROM service_token WHERE access_key = $1 AND revoked = 0";
    constexpr db::Columns at(sql);
    auto rows = transaction.query(sql, {accessKeyId});
    if (!rows.next()) throw unknown();
    if (!isRecorded(transaction, "service_token", rows.integer(at["id"]),
                    registry::Actor::token(rows.view(at["name"])).name))
      throw unknown();
    std::int64_t expiresAt = rows.integer(at["expires_at"]);
    if (expiresAt != 0 && expiresAt <= nowMillis())
      throw error(Code::unauthenticated, "the token of this access key expired at {}", formatTime(expiresAt));
    auto identity = std::make_shared<Identity>();
    identity->actor = registry::Actor::token(rows.view(at["name"]));
    identity->grants = grantsFromJson(rows.view(at["grants"]));
    return {{std::move(identity), expiresAt}, secretOfKey(accessKeyId, rows.view(at["name"]), rows.view(at["hash"]))};
  });
}

Access::KeyOwner Access::ownerOfKey(std::string_view accessKeyId) {
  state_->refresh();
  std::uint64_t generation = state_->generation.load();
  std::string id(accessKeyId);
  {
    auto guard = state_->memory.lock();
    if (auto found = guard->byKey.find(id); found != guard->byKey.end()) {
      const State::Remembered& owner = found->second.owner;
      if (owner.expiresAt == 0 || owner.expiresAt > nowMillis())
        return {{owner.identity, generation, owner.expiresAt}, found->second.secret};
    }
  }
  State::RememberedKey fresh = state_->checkKey(accessKeyId);
  auto guard = state_->memory.lock();
  if (state_->generation == generation) {
    if (guard->byKey.size() >= State::mostRemembered) guard->byKey.erase(guard->byKey.begin());
    guard->byKey[id] = fresh;
  }
  return {{fresh.owner.identity, generation, fresh.owner.expiresAt}, fresh.secret};
}

}  // namespace regesta::access

#include "access/access_state.h"
#include "base/error.h"
#include "base/log.h"
#include "base/time.h"

namespace regesta::access {
namespace {

constexpr std::int64_t addressesOfName = 16;

}  // namespace

std::string Access::State::addressTag(std::string_view name, std::string_view address) const {
  return secretKey.tag({"address", name, address});
}

bool Access::State::isKnown(std::string_view name, std::string_view address) {
  if (attempts.isKnown(name, address)) return true;
  if (address.empty()) return false;
  bool stored = store.read([&](db::Transaction& transaction) {
    return transaction
        .query("SELECT 1 FROM known_address WHERE name = $1 AND tag = $2", {name, addressTag(name, address)})
        .next();
  });
  if (stored) attempts.learn(name, address);
  return stored;
}

/// A disk that is full must not keep people from signing in: then the address stays unknown.
void Access::State::noteAddress(std::string_view name, std::string_view address) try {
  if (address.empty()) return;
  store.write([&](db::Transaction& transaction) {
    transaction.run(
        "INSERT INTO known_address (name, tag, used_at) VALUES ($1, $2, $3) ON CONFLICT (name, tag) DO UPDATE SET "
        "used_at = excluded.used_at",
        {name, addressTag(name, address), nowMillis()});
    transaction.run(
        "DELETE FROM known_address WHERE name = $1 AND tag NOT IN (SELECT tag FROM known_address WHERE name = $1 "
        "ORDER BY used_at DESC, tag LIMIT $2)",
        {name, addressesOfName});
  });
} catch (const Error& failure) {
  log(LogLevel::warn, "the address of a sign-in could not be noted", {{"error", failure.message}});
}

}  // namespace regesta::access

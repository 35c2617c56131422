#include "registry/expiry.h"

#include "base/error.h"
#include "base/time.h"
#include "registry/hold.h"

namespace regesta::registry {

std::int64_t expiryOf(db::Transaction& transaction, const Version& version) {
  db::Rows rows = transaction.query("SELECT expires_at FROM version_expiry WHERE version = $1", {version.id});
  return rows.next() ? rows.integer(0) : 0;
}

void setExpiry(Change& change, const Version& version, std::int64_t at) {
  if (expiryOf(change.transaction, version) == at) return;
  const AssetKey& key = version.asset.key;
  std::string name = fmt::format("Version {} of {} '{}'", version.number, kindName(key.kind), key.name);
  if (key.kind == Kind::policy)
    throw error(Code::refused, "{} cannot expire: policy bindings would select another version", name);
  if (at != 0) requireNotHeld(holdsOn(change.transaction, version), name, "set to expire");
  change.transaction.run("DELETE FROM version_expiry WHERE version = $1", {version.id});
  if (at != 0)
    change.transaction.run("INSERT INTO version_expiry (version, expires_at, set_at, set_by) VALUES ($1, $2, $3, $4)",
                           {version.id, at, change.now, change.actor.name});
  json::object data{{"digest", version.digest}, {"expires_at", nullptr}};
  if (at != 0) data["expires_at"] = formatTime(at);
  change.record(Action::versionExpirySet, key.workspace, version.subject(), std::move(data));
}

std::vector<std::int64_t> expiredVersions(db::Transaction& transaction, std::int64_t now, std::int64_t after,
                                          std::size_t limit) {
  std::vector<std::int64_t> found;
  db::Rows rows = transaction.query(
      "SELECT version FROM version_expiry WHERE expires_at <= $1 AND version > $2 ORDER BY version LIMIT $3",
      {now, after, static_cast<std::int64_t>(limit)});
  while (rows.next()) found.push_back(rows.integer(0));
  return found;
}

std::optional<std::int64_t> nextExpiry(db::Transaction& transaction, std::int64_t now) {
  db::Rows rows = transaction.query(
      "SELECT expires_at FROM version_expiry WHERE expires_at > $1 ORDER BY expires_at LIMIT 1", {now});
  return rows.next() ? std::optional(rows.integer(0)) : std::nullopt;
}

}  // namespace regesta::registry

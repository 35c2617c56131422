#include "registry/archive.h"

#include "base/error.h"
#include "registry/hold.h"
#include "registry/pointer.h"
#include "registry/rollout/rollout.h"
#include "registry/rows.h"
#include "registry/use.h"

namespace regesta::registry {
namespace {

std::string nameOf(const Version& version) {
  return fmt::format("Version {} of {} '{}'", version.number, kindName(version.asset.key.kind), version.asset.key.name);
}

/// The caller's copy may be outdated: the row in this transaction.
Version present(Change& change, const Version& version) {
  return getVersion(change.transaction, version.asset.key, version.number);
}

void requireUnserved(db::Transaction& transaction, const Version& version) {
  for (const Pointer& pointer : pointersTo(transaction, version))
    if (pointer != Pointer::stage("Archived"))
      throw error(Code::refused, "{} cannot be archived: '{}' points to it. Move that first", nameOf(version), pointer);
  for (const Rollout& rollout : activeRollouts(transaction, version.asset))
    if (rollout.serves(version.number))
      throw error(Code::refused, "{} cannot be archived: rollout {} on '{}' serves it. End it first", nameOf(version),
                  rollout.id, rollout.alias);
  if (std::vector<std::string> users = usersOf(transaction, version); !users.empty())
    throw error(Code::refused, "{} cannot be archived: {} other prompt version{} it", nameOf(version), users.size(),
                users.size() == 1 ? " includes" : "s include");
}

Version set(Change& change, Version version, std::int64_t archivedAt, Action action, json::object data) {
  change.transaction.run("UPDATE version SET archived_at = $2, updated_at = $3 WHERE id = $1",
                         {version.id, archivedAt, change.now});
  rows::touch(change, version.asset.id);
  change.record(action, version.asset.key.workspace, version.subject(), std::move(data));
  version.archivedAt = archivedAt;
  version.updatedAt = version.asset.updatedAt = change.now;
  return version;
}

}  // namespace

Version archiveVersion(Change& change, const Version& version, const Archival&, std::string_view rule) {
  Version current = present(change, version);
  if (current.isArchived()) return current;
  if (current.asset.key.kind == Kind::policy)
    throw error(Code::refused, "{} cannot be archived: policy bindings would select another version", nameOf(current));
  requireNotHeld(holdsOn(change.transaction, current), nameOf(current), "archived");
  requireUnserved(change.transaction, current);
  json::object data{{"digest", current.digest}};
  if (!rule.empty()) data["rule"] = rule;
  return set(change, std::move(current), change.now, Action::versionArchived, std::move(data));
}

Version restoreVersion(Change& change, const Version& version) {
  Version current = present(change, version);
  if (!current.isArchived()) return current;
  json::object data{{"digest", current.digest}};
  return set(change, std::move(current), 0, Action::versionRestored, std::move(data));
}

void requireNotArchived(const Version& version, std::string_view done) {
  if (!version.isArchived()) return;
  throw error(Code::invalidState, "{} cannot be {}: it is archived. Restore it first: regesta version restore {}",
              nameOf(version), done, version.subject());
}

std::optional<Version> newestCurrent(db::Transaction& transaction, const Asset& asset) {
  std::int64_t number = 0;
  {
    db::Rows rows = transaction.query(
        "SELECT number FROM version WHERE asset = $1 AND deleted = 0 AND archived_at = 0 ORDER BY number DESC LIMIT 1",
        {asset.id});
    if (!rows.next()) return std::nullopt;
    number = rows.integer(0);
  }
  return findVersion(transaction, asset.key, number);
}

}  // namespace regesta::registry

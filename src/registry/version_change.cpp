#include "base/error.h"
#include "crypto/hash.h"
#include "registry/hold.h"
#include "registry/pointer.h"
#include "registry/reserved_tag.h"
#include "registry/rollout/rollout.h"
#include "registry/rows.h"
#include "registry/use.h"
#include "registry/version_files.h"

namespace regesta::registry {

Version describeVersion(Change& change, const Version& version, std::string_view description) {
  rows::checkDescription(description);
  change.transaction.run("UPDATE version SET description = $2, updated_at = $3 WHERE id = $1",
                         {version.id, description, change.now});
  change.record(Action::versionDescribed, version.asset.key.workspace, version.subject(),
                {{"digest", crypto::sha256Hex(description)}});
  Version described = version;
  described.description = description;
  described.updatedAt = change.now;
  return described;
}

void setVersionTag(Change& change, const Version& version, std::string_view key, std::string_view value) {
  checkVersionTagKey(version.asset.key, key);
  rows::putVersionTag(change, version, key, value);
}

void noteOrigin(Change& change, const Version& version, const Tags& tags) {
  for (const auto& [key, value] : tags) {
    REGESTA_INVARIANT(isOriginTag(version.asset.key, key));
    rows::putVersionTag(change, version, key, value);
  }
}

void deleteVersionTag(Change& change, const Version& version, std::string_view key) {
  checkVersionTagKey(version.asset.key, key);
  if (change.transaction.run("DELETE FROM version_tag WHERE version = $1 AND key = $2", {version.id, key}) == 0) return;
  change.record(Action::versionTagDeleted, version.asset.key.workspace, version.subject(), {{"key", key}});
}

void deleteVersion(Change& change, const Version& version, const Removal& removal, std::string_view rule) {
  const AssetKey& key = version.asset.key;
  requireNotHeld(holdsOn(change.transaction, version),
                 fmt::format("Version {} of {} '{}'", version.number, kindName(key.kind), key.name), "deleted");
  checkPointersMayGo(fmt::format("Version {} of {} '{}'", version.number, kindName(key.kind), key.name),
                     aliasesOf(change.transaction, version), removal);
  std::vector<Pointer> pointers = pointersTo(change.transaction, version);
  for (const Pointer& pointer : pointers)
    if (isProtected(change.transaction, key, pointer))
      throw error(Code::refused, "Version {} of {} '{}' cannot be deleted: the protected pointer '{}' points to it",
                  version.number, kindName(key.kind), key.name, pointer);
  for (const Rollout& rollout : activeRollouts(change.transaction, version.asset))
    if (rollout.serves(version.number))
      throw error(Code::refused, "Version {} of {} '{}' cannot be deleted: rollout {} on '{}' serves it",
                  version.number, kindName(key.kind), key.name, rollout.id, rollout.alias);
  checkUnused(fmt::format("Version {} of {} '{}'", version.number, kindName(key.kind), key.name),
              usersOf(change.transaction, version));

  for (const Pointer& pointer : pointers)
    change.record(
        pointer.isStage() ? Action::stageLeft : Action::aliasRemoved, key.workspace, key.subject(pointer),
        {{"from", version.number}, {"pointer", pointer.text()}, {"to", 0}, {"reason", "the version was deleted"}});
  releaseSeal(change.transaction, version);
  change.transaction.run("DELETE FROM alias WHERE asset = $1 AND number = $2", {version.asset.id, version.number});
  change.transaction.run(
      "UPDATE version SET deleted = 1, stage = 'Deleted', updated_at = $2, description = '', content = '', "
      "source = '', storage = '', run_id = '', run_link = '', model_id = '', archived_at = 0 WHERE id = $1",
      {version.id, change.now});
  change.transaction.run("DELETE FROM version_expiry WHERE version = $1", {version.id});
  // Nothing reads the files of a deleted version: garbage collection may have what nothing else has.
  change.transaction.run("DELETE FROM version_file WHERE version = $1", {version.id});
  change.transaction.run("DELETE FROM version_reference WHERE version = $1", {version.id});
  rows::touch(change, version.asset.id);
  json::object data{{"digest", version.digest}};
  if (!rule.empty()) data["rule"] = rule;
  change.record(Action::versionDeleted, key.workspace, version.subject(), std::move(data));
}

}  // namespace regesta::registry

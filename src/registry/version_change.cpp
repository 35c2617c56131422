#include "base/error.h"
#include "crypto/hash.h"
#include "registry/pointer.h"
#include "registry/rollout.h"
#include "registry/rows.h"
#include "registry/use.h"

namespace regesta::registry {

Version describeVersion(Change& change, const Version& version, std::string_view description) {
  rows::checkDescription(description);
  change.session.run("UPDATE version SET description = $2, updated_at = $3 WHERE id = $1",
                     {version.id, description, change.now});
  change.record("version.described", version.asset.key.workspace, version.subject(),
                {{"digest", crypto::sha256Hex(description)}});
  Version described = version;
  described.description = description;
  described.updatedAt = change.now;
  return described;
}

void setVersionTag(Change& change, const Version& version, std::string_view key, std::string_view value) {
  rows::checkTag(key, value);
  change.session.run(
      "INSERT INTO version_tag (version, key, value) VALUES ($1, $2, $3) "
      "ON CONFLICT (version, key) DO UPDATE SET value = excluded.value",
      {version.id, key, value});
  change.record("version.tag-set", version.asset.key.workspace, version.subject(), rows::tagData(key, value));
}

void deleteVersionTag(Change& change, const Version& version, std::string_view key) {
  if (change.session.run("DELETE FROM version_tag WHERE version = $1 AND key = $2", {version.id, key}) == 0) return;
  change.record("version.tag-deleted", version.asset.key.workspace, version.subject(), {{"key", key}});
}

void deleteVersion(Change& change, const Version& version) {
  const AssetKey& key = version.asset.key;
  std::vector<std::string> pointers = aliasesOf(change.session, version);
  if (version.stage != "None") pointers.push_back("stage:" + version.stage);
  for (const std::string& pointer : pointers)
    if (isProtected(change.session, key, pointer))
      throw error(Code::refused, "Version {} of {} '{}' cannot be deleted: the protected pointer '{}' stands on it",
                  version.number, kindName(key.kind), key.name, pointer);
  for (const Rollout& rollout : activeRollouts(change.session, version.asset))
    if (rollout.serves(version.number))
      throw error(Code::refused, "Version {} of {} '{}' cannot be deleted: rollout {} on '{}' serves it",
                  version.number, kindName(key.kind), key.name, rollout.id, rollout.alias);
  checkUnused(fmt::format("Version {} of {} '{}'", version.number, kindName(key.kind), key.name),
              usersOf(change.session, version));

  for (const std::string& pointer : pointers)
    change.record(pointer.starts_with("stage:") ? "stage.left" : "alias.removed", key.workspace,
                  key.subject() + "#" + pointer, {{"from", version.number}, {"pointer", pointer}, {"to", 0}});
  change.session.run("DELETE FROM alias WHERE asset = $1 AND number = $2", {version.asset.id, version.number});
  change.session.run(
      "UPDATE version SET deleted = 1, stage = 'Deleted', updated_at = $2, description = '', content = '', "
      "source = 'REDACTED-SOURCE-PATH', storage = '', run_id = 'REDACTED-RUN-ID', "
      "run_link = 'REDACTED-RUN-LINK', model_id = '' WHERE id = $1",
      {version.id, change.now});
  rows::touch(change, version.asset.id);
  change.record("version.deleted", key.workspace, version.subject(), {{"digest", version.digest}});
}

}  // namespace regesta::registry

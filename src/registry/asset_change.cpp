#include "base/error.h"
#include "crypto/hash.h"
#include "registry/asset.h"
#include "registry/lineage.h"
#include "registry/pointer.h"
#include "registry/rows.h"
#include "registry/use.h"
#include "registry/workspace.h"

namespace regesta::registry {
namespace {

bool sharesNames(Kind kind) { return kind == Kind::model || kind == Kind::prompt; }

void checkFree(db::Session& session, const AssetKey& key) {
  std::optional<Asset> holder =
      sharesNames(key.kind) ? findRegistered(session, key.workspace, key.name) : findAsset(session, key);
  if (!holder) return;
  if (holder->key.kind == key.kind)
    throw error(Code::exists, "A {} named '{}' exists already", kindName(key.kind), key.name);
  throw error(Code::exists, "The name '{}' is taken by a {}: models and prompts share one name space", key.name,
              kindName(holder->key.kind));
}

void refuseWhileProtected(db::Session& session, const AssetKey& rules, const Asset& asset, std::string_view deed) {
  for (const std::string& pointer : standingPointers(session, asset))
    if (isProtected(session, rules, pointer))
      throw error(Code::refused, "{} '{}' cannot be {}: the protected pointer '{}' stands on one of its versions",
                  kindName(asset.key.kind), asset.key.name, deed, pointer);
}

}  // namespace

Asset createAsset(Change& change, const AssetKey& key, std::string_view description, const Tags& tags) {
  checkName(key.name, key.kind);
  rows::checkDescription(description);
  for (const auto& [name, value] : tags) rows::checkTag(name, value);
  getWorkspace(change.session, key.workspace);
  checkFree(change.session, key);
  Asset asset;
  asset.id = change.session.insert(
      "INSERT INTO asset (workspace, kind, name, description, created_at, updated_at, created_by, last_number) "
      "VALUES ($1, $2, $3, $4, $5, $5, $6, 0) RETURNING id",
      {key.workspace, kindName(key.kind), key.name, description, change.now, change.actor.name});
  for (const auto& [name, value] : tags)
    change.session.run("INSERT INTO asset_tag (asset, key, value) VALUES ($1, $2, $3)", {asset.id, name, value});
  change.record("asset.created", key.workspace, key.subject(), {{"tags", rows::digestsOf(tags)}});
  asset.key = key;
  asset.description = description;
  asset.createdAt = asset.updatedAt = change.now;
  asset.createdBy = change.actor.name;
  asset.tags = tags;
  return asset;
}

// A gate is bound to a name, so a new name must neither shed a gate nor slip a pointer under one.
Asset renameAsset(Change& change, const Asset& asset, std::string_view newName) {
  checkName(newName, asset.key.kind);
  Asset renamed = asset;
  renamed.key.name = newName;
  if (renamed.key.name != asset.key.name) {
    checkFree(change.session, renamed.key);
    refuseWhileProtected(change.session, asset.key, asset, "renamed");
    refuseWhileProtected(change.session, renamed.key, asset, "renamed");
  }
  renamed.updatedAt = change.now;
  change.session.run("UPDATE asset SET name = $2, updated_at = $3 WHERE id = $1", {asset.id, newName, change.now});
  change.session.run("UPDATE version SET updated_at = $2 WHERE asset = $1 AND deleted = 0", {asset.id, change.now});
  if (renamed.key.name != asset.key.name)
    renameNodes(change.session, asset.key.workspace, asset.key.subject(), renamed.key.subject());
  change.record("asset.renamed", asset.key.workspace, renamed.key.subject(), {{"from", asset.key.name}});
  change.touch(asset.key.workspace, asset.key.subject());
  return renamed;
}

Asset describeAsset(Change& change, const Asset& asset, std::string_view description) {
  rows::checkDescription(description);
  change.session.run("UPDATE asset SET description = $2, updated_at = $3 WHERE id = $1",
                     {asset.id, description, change.now});
  change.record("asset.described", asset.key.workspace, asset.key.subject(),
                {{"digest", crypto::sha256Hex(description)}});
  Asset described = asset;
  described.description = description;
  described.updatedAt = change.now;
  return described;
}

void setAssetTag(Change& change, const Asset& asset, std::string_view key, std::string_view value) {
  rows::checkTag(key, value);
  change.session.run(
      "INSERT INTO asset_tag (asset, key, value) VALUES ($1, $2, $3) "
      "ON CONFLICT (asset, key) DO UPDATE SET value = excluded.value",
      {asset.id, key, value});
  change.record("asset.tag-set", asset.key.workspace, asset.key.subject(), rows::tagData(key, value));
}

void deleteAssetTag(Change& change, const Asset& asset, std::string_view key) {
  if (change.session.run("DELETE FROM asset_tag WHERE asset = $1 AND key = $2", {asset.id, key}) == 0) return;
  change.record("asset.tag-deleted", asset.key.workspace, asset.key.subject(), {{"key", key}});
}

void deleteAsset(Change& change, const Asset& asset) {
  refuseWhileProtected(change.session, asset.key, asset, "deleted");
  checkUnused(fmt::format("{} '{}'", kindName(asset.key.kind), asset.key.name), usersOf(change.session, asset));
  for (const std::string& pointer : standingPointers(change.session, asset))
    change.record(pointer.starts_with("stage:") ? "stage.left" : "alias.removed", asset.key.workspace,
                  asset.key.subject() + "#" + pointer,
                  {{"from", holderOf(change.session, asset, pointer)}, {"pointer", pointer}, {"to", 0}});
  // What was made of its versions stays true, but must not be read as being about a later asset of the same name.
  renameNodes(change.session, asset.key.workspace, asset.key.subject(),
              fmt::format("{}~deleted-{}", asset.key.subject(), asset.id));
  change.session.run("DELETE FROM asset WHERE id = $1", {asset.id});
  change.record("asset.deleted", asset.key.workspace, asset.key.subject());
}

}  // namespace regesta::registry

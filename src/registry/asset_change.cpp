#include "base/error.h"
#include "crypto/hash.h"
#include "registry/asset.h"
#include "registry/author.h"
#include "registry/hold.h"
#include "registry/lineage.h"
#include "registry/look_alike.h"
#include "registry/oci_blob.h"
#include "registry/pointer.h"
#include "registry/reserved_tag.h"
#include "registry/rollout/rollout.h"
#include "registry/rows.h"
#include "registry/use.h"
#include "registry/version_files.h"
#include "registry/workspace.h"

namespace regesta::registry {
namespace {

bool sharesNames(Kind kind) { return kind == Kind::model || kind == Kind::prompt; }

void checkFree(db::Transaction& transaction, const AssetKey& key) {
  std::optional<Asset> holder =
      sharesNames(key.kind) ? findRegistered(transaction, key.workspace, key.name) : findAsset(transaction, key);
  if (!holder) return;
  if (holder->key.kind == key.kind)
    throw error(Code::exists, "A {} named '{}' already exists", kindName(key.kind), key.name);
  throw error(Code::exists, "The name '{}' is taken by a {}: models and prompts share one namespace", key.name,
              kindName(holder->key.kind));
}

void refuseWhileProtected(db::Transaction& transaction, const Asset& asset) {
  for (const Pointer& pointer : standingPointers(transaction, asset))
    if (isProtected(transaction, asset.key, pointer))
      throw error(Code::refused, "{} '{}' cannot be deleted: the protected pointer '{}' points to one of its versions",
                  kindName(asset.key.kind), asset.key.name, pointer);
}

/// A rename must not take an asset out of a binding without the permission to remove the binding.
void refuseToShed(db::Transaction& transaction, const Asset& asset, const AssetKey& renamed) {
  for (const Pointer& pointer : standingPointers(transaction, asset))
    if (isProtected(transaction, asset.key, pointer) && !isProtected(transaction, renamed, pointer))
      throw error(Code::refused,
                  "{} '{}' cannot be renamed to '{}': the pointer '{}' would no longer be protected by a policy",
                  kindName(asset.key.kind), asset.key.name, renamed.name, pointer);
}

/// A hold on a name pattern goes on covering what it covers.
void refuseToLeaveHold(db::Transaction& transaction, const Asset& asset, const Asset& renamed) {
  std::vector<Hold> after = holdsOn(transaction, renamed);
  for (const Hold& hold : holdsOn(transaction, asset))
    if (std::ranges::find(after, hold.id, &Hold::id) == after.end())
      throw heldError(fmt::format("{} '{}'", kindName(asset.key.kind), asset.key.name),
                      fmt::format("renamed to '{}', which it does not cover", renamed.key.name), hold);
}

/// The gate decided about pointers outside this transaction; those that the new name protects must be among them.
void requireDecisions(db::Transaction& transaction, const Asset& asset, const AssetKey& renamed,
                      const RenameClearance& clearance) {
  for (const Pointer& pointer : standingPointers(transaction, asset)) {
    if (!isProtected(transaction, renamed, pointer)) continue;
    if (!pointer.isStage() && runningRollout(transaction, asset, pointer.name()))
      throw error(Code::refused,
                  "{} '{}' cannot be renamed to '{}': a rollout is active on '{}', which the new name protects; end it "
                  "first",
                  kindName(asset.key.kind), asset.key.name, renamed.name, pointer);
    for (std::int64_t number : versionsOn(transaction, asset, pointer)) {
      bool decided = std::ranges::any_of(clearance.pointers(), [&](const Clearance& one) {
        return one.pointer() == pointer && one.to() == number && !one.decision().empty();
      });
      if (!decided)
        throw error(Code::conflict, "'{}' of {} moved or became protected in the meantime; try again", pointer,
                    asset.key.subject());
    }
  }
}

/// Under the new name, the pointer points to the same version, with a separate decision.
void confirmPointer(Change& change, const Asset& renamed, const Clearance& clearance) {
  bool stage = clearance.pointer().isStage();
  if (!stage)
    change.transaction.run("UPDATE alias SET moved_at = $3, moved_by = $4 WHERE asset = $1 AND name = $2",
                           {renamed.id, clearance.pointer().name(), change.now, change.actor.name});
  change.record(stage ? Action::stageEntered : Action::aliasMoved, renamed.key.workspace,
                renamed.key.subject(clearance.pointer()),
                {{"from", clearance.from()},
                 {"pointer", clearance.pointer().text()},
                 {"to", clearance.to()},
                 {"decision", clearance.decision()}});
}

}  // namespace

Asset createAsset(Change& change, const AssetKey& key, std::string_view description, const Tags& tags) {
  checkNewName(key.name, key.kind);
  rows::checkDescription(description);
  for (const auto& [name, value] : tags) rows::checkTag(name, value);
  checkNewTags(key, tags);
  getWorkspace(change.transaction, key.workspace);
  checkFree(change.transaction, key);
  checkNoLookAlike(change.transaction, key);
  Asset asset;
  asset.id = change.transaction.insert(
      "INSERT INTO asset (workspace, kind, name, description, created_at, updated_at, created_by, last_number, "
      "skeleton) VALUES ($1, $2, $3, $4, $5, $5, $6, 0, $7) RETURNING id",
      {key.workspace, kindName(key.kind), key.name, description, change.now, change.actor.name,
       storedSkeleton(key.name)});
  for (const auto& [name, value] : tags)
    change.transaction.run("INSERT INTO asset_tag (asset, key, value) VALUES ($1, $2, $3)", {asset.id, name, value});
  change.record(Action::assetCreated, key.workspace, key.subject(), {{"tags", rows::digestsOf(tags)}});
  asset.key = key;
  asset.description = description;
  asset.createdAt = asset.updatedAt = change.now;
  asset.createdBy = change.actor.name;
  asset.tags = tags;
  return asset;
}

// A gate is bound to a name, so a new name must neither shed a gate nor slip a pointer under one.
Asset renameAsset(Change& change, const Asset& asset, std::string_view newName, const RenameClearance& clearance) {
  if (newName != asset.key.name) checkNewName(newName, asset.key.kind);
  Asset renamed = asset;
  renamed.key.name = newName;
  if (renamed.key.name != asset.key.name) {
    checkFree(change.transaction, renamed.key);
    checkNoLookAlike(change.transaction, renamed.key, asset.id);
    refuseToLeaveHold(change.transaction, asset, renamed);
    if (!clearance.leavesBindings()) refuseToShed(change.transaction, asset, renamed.key);
    requireDecisions(change.transaction, asset, renamed.key, clearance);
  }
  renamed.updatedAt = change.now;
  change.transaction.run("UPDATE asset SET name = $2, updated_at = $3, skeleton = $4 WHERE id = $1",
                         {asset.id, newName, change.now, storedSkeleton(newName)});
  change.transaction.run("UPDATE version SET updated_at = $2 WHERE asset = $1 AND deleted = 0", {asset.id, change.now});
  if (renamed.key.name != asset.key.name) {
    renameNodes(change.transaction, asset.key.workspace, asset.key.subject(), renamed.key.subject());
    moveOciBlobs(change.transaction, asset.key, newName);
  }
  change.record(Action::assetRenamed, asset.key.workspace, renamed.key.subject(), {{"from", asset.key.name}});
  for (const Clearance& pointer : clearance.pointers()) confirmPointer(change, renamed, pointer);
  change.touch(asset.key.workspace, asset.key.subject());
  return renamed;
}

Asset describeAsset(Change& change, const Asset& asset, std::string_view description) {
  rows::checkDescription(description);
  change.transaction.run("UPDATE asset SET description = $2, updated_at = $3 WHERE id = $1",
                         {asset.id, description, change.now});
  change.record(Action::assetDescribed, asset.key.workspace, asset.key.subject(),
                {{"digest", crypto::sha256Hex(description)}});
  Asset described = asset;
  described.description = description;
  described.updatedAt = change.now;
  return described;
}

void setAssetTag(Change& change, const Asset& asset, std::string_view key, std::string_view value) {
  checkAssetTagKey(asset.key, key);
  rows::checkTag(key, value);
  if (change.transaction.run("UPDATE asset_tag SET value = $3 WHERE asset = $1 AND key = $2", {asset.id, key, value}) ==
      0)
    change.transaction.run("INSERT INTO asset_tag (asset, key, value) VALUES ($1, $2, $3)", {asset.id, key, value});
  change.record(Action::assetTagSet, asset.key.workspace, asset.key.subject(), rows::tagData(key, value));
}

void deleteAssetTag(Change& change, const Asset& asset, std::string_view key) {
  checkAssetTagKey(asset.key, key);
  if (change.transaction.run("DELETE FROM asset_tag WHERE asset = $1 AND key = $2", {asset.id, key}) == 0) return;
  change.record(Action::assetTagDeleted, asset.key.workspace, asset.key.subject(), {{"key", key}});
}

void deleteAsset(Change& change, const Asset& asset, const Removal& removal) {
  requireNotHeld(holdsOn(change.transaction, asset), fmt::format("{} '{}'", kindName(asset.key.kind), asset.key.name),
                 "deleted");
  refuseWhileProtected(change.transaction, asset);
  std::vector<std::string> aliases;
  for (const Alias& alias : listAliases(change.transaction, asset)) aliases.push_back(alias.name);
  checkPointersMayGo(fmt::format("{} '{}'", kindName(asset.key.kind), asset.key.name), aliases, removal);
  checkUnused(fmt::format("{} '{}'", kindName(asset.key.kind), asset.key.name), usersOf(change.transaction, asset));
  for (const Pointer& pointer : standingPointers(change.transaction, asset))
    change.record(pointer.isStage() ? Action::stageLeft : Action::aliasRemoved, asset.key.workspace,
                  asset.key.subject(pointer),
                  {{"from", holderOf(change.transaction, asset, pointer)},
                   {"pointer", pointer.text()},
                   {"to", 0},
                   {"reason", "the asset was deleted"}});
  keepAuthors(change, asset);
  // What was made of its versions stays true, but must not be read as being about a later asset of the same name.
  renameNodes(change.transaction, asset.key.workspace, asset.key.subject(),
              fmt::format("{}~deleted-{}", asset.key.subject(), asset.id));
  releaseSeals(change.transaction, asset);
  moveOciBlobs(change.transaction, asset.key, "");
  change.transaction.run("DELETE FROM asset WHERE id = $1", {asset.id});
  change.record(Action::assetDeleted, asset.key.workspace, asset.key.subject());
}

}  // namespace regesta::registry

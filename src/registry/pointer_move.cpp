#include "base/error.h"
#include "base/redact.h"
#include "registry/archive.h"
#include "registry/pointer.h"
#include "registry/rollout/rollout.h"
#include "registry/rows.h"

namespace regesta::registry {
namespace {

json::object movement(const Pointer& pointer, std::int64_t from, std::int64_t to, const Clearance& clearance) {
  json::object data{{"from", from}, {"pointer", pointer.text()}, {"to", to}};
  if (!clearance.decision().empty()) data["decision"] = clearance.decision();
  if (!clearance.reason().empty()) data["reason"] = redactText(clearance.reason());
  return data;
}

void checkHolder(Change& change, const Asset& asset, const Clearance& clearance) {
  std::int64_t holder = holderOf(change.transaction, asset, clearance.pointer());
  if (holder == clearance.from()) return;
  throw error(Code::conflict,
              "The pointer '{}' of {} '{}' has moved in the meantime: it points to version {}, not to {}",
              clearance.pointer(), kindName(asset.key.kind), asset.key.name, holder, clearance.from());
}

std::vector<std::int64_t> othersIn(db::Transaction& transaction, const Version& version, std::string_view stage) {
  std::vector<std::int64_t> numbers;
  db::Rows rows = transaction.query(
      "SELECT number FROM version WHERE asset = $1 AND stage = $2 AND deleted = 0 AND number <> $3 ORDER BY number",
      {version.asset.id, stage, version.number});
  while (rows.next()) numbers.push_back(rows.integer(0));
  return numbers;
}

void setStage(Change& change, const Asset& asset, std::int64_t number, std::string_view stage) {
  change.transaction.run("UPDATE version SET stage = $3, updated_at = $4 WHERE asset = $1 AND number = $2",
                         {asset.id, number, stage, change.now});
}

/// A version that leaves a stage moves that stage's pointer too.
void recordStageLeft(Change& change, const Asset& asset, std::string_view stage, std::int64_t number,
                     const Clearance& clearance) {
  if (stage == "None") return;
  Pointer pointer = Pointer::stage(stage);
  std::int64_t holder = holderOf(change.transaction, asset, pointer);
  change.record(Action::stageLeft, asset.key.workspace, asset.key.subject(pointer),
                movement(pointer, number, holder, clearance));
}

}  // namespace

void moveAlias(Change& change, const Asset& asset, const Clearance& clearance) {
  REGESTA_INVARIANT(!clearance.pointer().isStage());
  std::string_view alias = clearance.pointer().name();
  // Shares are relative to the alias's previous version, so any other move ends its rollout.
  if (std::optional<Rollout> rollout = runningRollout(change.transaction, asset, alias))
    endRollout(change, *rollout, RolloutStatus::stopped,
               clearance.to() == 0 ? "the alias was removed" : "the alias was moved");
  checkHolder(change, asset, clearance);
  if (clearance.to() == 0) {
    if (change.transaction.run("DELETE FROM alias WHERE asset = $1 AND name = $2", {asset.id, alias}) == 0) return;
  } else {
    checkAlias(alias);
    requireNotArchived(getVersion(change.transaction, asset.key, clearance.to()), "promoted");
    bool fresh = !findAlias(change.transaction, asset, alias);
    if (fresh) checkNewAlias(change.transaction, asset, alias);
    change.transaction.run(
        fresh ? "INSERT INTO alias (asset, name, number, moved_at, moved_by) VALUES ($1, $2, $3, $4, $5)"
              : "UPDATE alias SET number = $3, moved_at = $4, moved_by = $5 WHERE asset = $1 AND name = $2",
        {asset.id, alias, clearance.to(), change.now, change.actor.name});
  }
  change.record(clearance.to() == 0 ? Action::aliasRemoved : Action::aliasMoved, asset.key.workspace,
                asset.key.subject(clearance.pointer()),
                movement(clearance.pointer(), clearance.from(), clearance.to(), clearance));
}

Version moveStage(Change& change, const Version& version, const Clearance& clearance, bool archiveOthers) {
  REGESTA_INVARIANT(clearance.pointer().isStage() && clearance.to() == version.number);
  std::string stage = canonicalStage(clearance.pointer().name());
  const Asset& asset = version.asset;
  // The caller's copy may be outdated: use the stage in this transaction.
  Version current = getVersion(change.transaction, asset.key, version.number);
  if (stage != "None" && stage != "Archived") requireNotArchived(current, "promoted");
  checkHolder(change, asset, clearance);
  if (current.stage != stage && clearance.decision().empty() && current.stage != "None" &&
      isProtected(change.transaction, asset.key, Pointer::stage(current.stage)))
    throw error(Code::refused, "Version {} cannot leave the protected stage {} without a decision", version.number,
                current.stage);

  std::vector<std::int64_t> archived;
  if (archiveOthers && stage != "Archived" && stage != "None") archived = othersIn(change.transaction, version, stage);
  for (std::int64_t number : archived) setStage(change, asset, number, "Archived");
  setStage(change, asset, version.number, stage);
  rows::touch(change, asset.id);

  if (current.stage != stage) recordStageLeft(change, asset, current.stage, version.number, clearance);
  json::object data = movement(clearance.pointer(), clearance.from(), clearance.to(), clearance);
  if (!archived.empty()) data["archived"] = json::array(archived.begin(), archived.end());
  change.record(Action::stageEntered, asset.key.workspace, asset.key.subject(clearance.pointer()), std::move(data));
  current.stage = stage;
  current.updatedAt = current.asset.updatedAt = change.now;
  return current;
}

}  // namespace regesta::registry

#include "base/error.h"
#include "registry/pointer.h"
#include "registry/rollout.h"
#include "registry/rows.h"

namespace regesta::registry {
namespace {

json::object movement(std::string_view pointer, std::int64_t from, std::int64_t to, std::string_view decision) {
  json::object data{{"from", from}, {"pointer", pointer}, {"to", to}};
  if (!decision.empty()) data["decision"] = decision;
  return data;
}

std::string subjectOf(const AssetKey& key, std::string_view pointer) {
  return fmt::format("{}#{}", key.subject(), pointer);
}

void checkHolder(Change& change, const Asset& asset, const Clearance& clearance) {
  std::int64_t holder = holderOf(change.session, asset, clearance.pointer());
  if (holder == clearance.from()) return;
  throw error(Code::conflict, "The pointer '{}' of {} '{}' has moved meanwhile: it stands on version {}, not on {}",
              clearance.pointer(), kindName(asset.key.kind), asset.key.name, holder, clearance.from());
}

std::vector<std::int64_t> othersIn(db::Session& session, const Version& version, std::string_view stage) {
  std::vector<std::int64_t> numbers;
  db::Rows rows = session.query(
      "SELECT number FROM version WHERE asset = $1 AND stage = $2 AND deleted = 0 AND number <> $3 ORDER BY number",
      {version.asset.id, stage, version.number});
  while (rows.next()) numbers.push_back(rows.integer(0));
  return numbers;
}

void setStage(Change& change, const Asset& asset, std::int64_t number, std::string_view stage) {
  change.session.run("UPDATE version SET stage = $3, updated_at = $4 WHERE asset = $1 AND number = $2",
                     {asset.id, number, stage, change.now});
}

/// A version that leaves a stage moves that stage's pointer too.
void recordLeft(Change& change, const Asset& asset, std::string_view stage, std::int64_t number,
                std::string_view decision) {
  if (stage == "None") return;
  std::string pointer = fmt::format("stage:{}", stage);
  std::int64_t holder = holderOf(change.session, asset, pointer);
  change.record("stage.left", asset.key.workspace, subjectOf(asset.key, pointer),
                movement(pointer, number, holder, decision));
}

}  // namespace

void moveAlias(Change& change, const Asset& asset, const Clearance& clearance) {
  const std::string& alias = clearance.pointer();
  // Shares are against the version the alias stood on: whoever moves it otherwise has ended its rollout.
  if (std::optional<Rollout> rollout = runningRollout(change.session, asset, alias))
    endRollout(change, *rollout, RolloutStatus::stopped,
               clearance.to() == 0 ? "the alias was removed" : "the alias was moved");
  checkHolder(change, asset, clearance);
  if (clearance.to() == 0) {
    if (change.session.run("DELETE FROM alias WHERE asset = $1 AND name = $2", {asset.id, alias}) == 0) return;
  } else {
    checkAlias(alias);
    getVersion(change.session, asset.key, clearance.to());
    change.session.run(
        "INSERT INTO alias (asset, name, number, moved_at, moved_by) VALUES ($1, $2, $3, $4, $5) "
        "ON CONFLICT (asset, name) DO UPDATE SET number = excluded.number, moved_at = excluded.moved_at, "
        "moved_by = excluded.moved_by",
        {asset.id, alias, clearance.to(), change.now, change.actor.name});
  }
  change.record(clearance.to() == 0 ? "alias.removed" : "alias.moved", asset.key.workspace, subjectOf(asset.key, alias),
                movement(alias, clearance.from(), clearance.to(), clearance.decision()));
}

Version moveStage(Change& change, const Version& version, const Clearance& clearance, bool archiveOthers) {
  REGESTA_INVARIANT(clearance.pointer().starts_with("stage:") && clearance.to() == version.number);
  std::string stage = canonicalStage(clearance.pointer().substr(6));
  const Asset& asset = version.asset;
  // The caller's copy may be old: what matters is where the version stands inside this transaction.
  Version current = getVersion(change.session, asset.key, version.number);
  checkHolder(change, asset, clearance);
  if (current.stage != stage && clearance.decision().empty() && current.stage != "None" &&
      isProtected(change.session, asset.key, "stage:" + current.stage))
    throw error(Code::refused, "Version {} cannot leave the protected stage {} without a decision", version.number,
                current.stage);

  std::vector<std::int64_t> archived;
  if (archiveOthers && stage != "Archived" && stage != "None") archived = othersIn(change.session, version, stage);
  for (std::int64_t number : archived) setStage(change, asset, number, "Archived");
  setStage(change, asset, version.number, stage);
  rows::touch(change, asset.id);

  if (current.stage != stage) recordLeft(change, asset, current.stage, version.number, clearance.decision());
  json::object data = movement(clearance.pointer(), clearance.from(), clearance.to(), clearance.decision());
  if (!archived.empty()) data["archived"] = json::array(archived.begin(), archived.end());
  change.record("stage.entered", asset.key.workspace, subjectOf(asset.key, clearance.pointer()), std::move(data));
  current.stage = stage;
  current.updatedAt = current.asset.updatedAt = change.now;
  return current;
}

}  // namespace regesta::registry

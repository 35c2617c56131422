#include "registry/hold.h"

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "base/name_pattern.h"
#include "base/redact.h"
#include "base/text.h"
#include "base/time.h"
#include "db/columns.h"
#include "registry/workspace.h"

namespace regesta::registry {
namespace {

constexpr std::size_t reasonLength = 2000;

// The present name of a held asset, also after a rename.
constexpr std::string_view select =
    "SELECT h.id, h.workspace, h.kind, COALESCE(a.name, h.name_pattern) AS name_pattern, h.asset, h.number, h.reason, "
    "h.placed_at, "
    "h.placed_by, h.lifted_at, h.lifted_by, h.lift_reason FROM legal_hold h LEFT JOIN asset a ON a.id = h.asset ";

Hold readHold(const db::Rows& rows) {
  constexpr db::Columns at(select);
  return {rows.integer(at["id"]),        rows.text(at["workspace"]),    rows.text(at["kind"]),
          rows.text(at["name_pattern"]), rows.integer(at["asset"]),     rows.integer(at["number"]),
          rows.text(at["reason"]),       rows.integer(at["placed_at"]), rows.text(at["placed_by"]),
          rows.integer(at["lifted_at"]), rows.text(at["lifted_by"]),    rows.text(at["lift_reason"])};
}

std::vector<Hold> readAll(db::Rows rows) {
  std::vector<Hold> holds;
  while (rows.next()) holds.push_back(readHold(rows));
  return holds;
}

bool covers(const Hold& hold, const Asset& asset) {
  if (hold.asset != 0) return hold.asset == asset.id;
  return AssetPattern{hold.workspace, hold.kind, hold.namePattern}.covers(asset.key.workspace, kindName(asset.key.kind),
                                                                          asset.key.name);
}

void checkReason(std::string_view reason) {
  if (trim(reason).empty()) throw Invalid("reason", "is required: it is kept in the ledger");
  if (reason.size() > reasonLength || !isUtf8(reason) || reason.find('\0') != reason.npos)
    throw Invalid("reason", fmt::format("must be at most {} bytes of UTF-8", reasonLength));
}

void checkTarget(db::Transaction& transaction, const Hold& hold) {
  getWorkspace(transaction, hold.workspace);
  if (hold.kind != "*" && !parseKind(hold.kind))
    throw Invalid("kind", "must be prompt, model, dataset, policy, artifact or \"*\"");
  if (hold.asset == 0) checkNamePattern(hold.namePattern);  // else it is the asset's name
}

json::object holdData(const Hold& hold) {
  return {{"kind", hold.kind},     {"name_pattern", hold.namePattern}, {"asset", hold.asset},
          {"number", hold.number}, {"target", hold.target()},          {"reason", hold.reason}};
}

std::vector<Hold> inForce(db::Transaction& transaction, const Asset& asset) {
  std::vector<Hold> holds = readAll(transaction.query(
      fmt::format("{} WHERE h.workspace = $1 AND h.lifted_at = 0 AND (h.asset = $2 OR h.asset = 0) ORDER BY h.id",
                  select),
      {asset.key.workspace, asset.id}));
  std::erase_if(holds, [&](const Hold& hold) { return !covers(hold, asset); });
  return holds;
}

}  // namespace

std::string Hold::target() const {
  return number == 0 ? fmt::format("{}/{}", kind, namePattern) : fmt::format("{}/{}@{}", kind, namePattern, number);
}

Hold placeHold(Change& change, Hold hold) {
  checkTarget(change.transaction, hold);
  checkReason(hold.reason);
  {
    db::Rows same = change.transaction.query(
        "SELECT id FROM legal_hold WHERE workspace = $1 AND kind = $2 AND name_pattern = $3 AND asset = $4 AND "
        "number = $5 AND lifted_at = 0",
        {hold.workspace, hold.kind, hold.namePattern, hold.asset, hold.number});
    if (same.next()) throw error(Code::exists, "hold {} on {} is in force already", same.integer(0), hold.target());
  }
  hold.reason = redactText(hold.reason);
  hold.placedAt = change.now;
  hold.placedBy = change.actor.name;
  hold.id = change.transaction.insert(
      "INSERT INTO legal_hold (workspace, kind, name_pattern, asset, number, reason, placed_at, placed_by, lifted_at, "
      "lifted_by, lift_reason) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, '', '') RETURNING id",
      {hold.workspace, hold.kind, hold.namePattern, hold.asset, hold.number, hold.reason, hold.placedAt,
       hold.placedBy});
  change.record(Action::holdPlaced, hold.workspace, fmt::format("hold/{}", hold.id), holdData(hold));
  return hold;
}

Hold liftHold(Change& change, const Hold& hold, std::string_view reason) {
  checkReason(reason);
  std::optional<Hold> lifted = findHold(change.transaction, hold.workspace, hold.id);
  if (!lifted) throw error(Code::notFound, "workspace '{}' has no hold {}", hold.workspace, hold.id);
  if (!lifted->isInForce())
    throw error(Code::invalidState, "hold {} was lifted by {} on {}", hold.id, lifted->liftedBy,
                formatTime(lifted->liftedAt));
  lifted->liftedAt = change.now;
  lifted->liftedBy = change.actor.name;
  lifted->liftReason = redactText(reason);
  change.transaction.run("UPDATE legal_hold SET lifted_at = $2, lifted_by = $3, lift_reason = $4 WHERE id = $1",
                         {hold.id, lifted->liftedAt, lifted->liftedBy, lifted->liftReason});
  change.record(Action::holdLifted, hold.workspace, fmt::format("hold/{}", hold.id),
                {{"target", lifted->target()}, {"placed_by", lifted->placedBy}, {"reason", lifted->liftReason}});
  return *std::move(lifted);
}

std::optional<Hold> findHold(db::Transaction& transaction, std::string_view workspace, std::int64_t id) {
  db::Rows rows = transaction.query(fmt::format("{} WHERE h.workspace = $1 AND h.id = $2", select), {workspace, id});
  if (!rows.next()) return std::nullopt;
  return readHold(rows);
}

std::vector<Hold> listHolds(db::Transaction& transaction, std::string_view workspace, bool withLifted,
                            std::int64_t before, std::size_t limit) {
  std::int64_t below = before > 0 ? before : std::numeric_limits<std::int64_t>::max();
  return readAll(transaction.query(fmt::format("{} WHERE h.workspace = $1 AND h.id < $2{} ORDER BY h.id DESC LIMIT $3",
                                               select, withLifted ? "" : " AND h.lifted_at = 0"),
                                   {workspace, below, limit}));
}

std::vector<Hold> holdsOn(db::Transaction& transaction, const Version& version) {
  std::vector<Hold> holds = inForce(transaction, version.asset);
  std::erase_if(holds, [&](const Hold& hold) { return hold.number != 0 && hold.number != version.number; });
  return holds;
}

std::vector<Hold> holdsOn(db::Transaction& transaction, const Asset& asset) { return inForce(transaction, asset); }

std::vector<Hold> holdsOnSource(db::Transaction& transaction, std::string_view workspace, std::string_view runId,
                                std::string_view modelId) {
  struct Made {
    Asset asset;
    std::int64_t number;
  };
  if (!hasHolds(transaction, workspace)) return {};
  std::vector<Made> made;
  {
    db::Rows rows = transaction.query(
        "SELECT a.id, a.kind, a.name, v.number FROM version v JOIN asset a ON a.id = v.asset WHERE a.workspace = $1 "
        "AND v.deleted = 0 AND v.run_id = $2 AND v.run_id <> '' UNION "
        "SELECT a.id, a.kind, a.name, v.number FROM version v JOIN asset a ON a.id = v.asset WHERE a.workspace = $1 "
        "AND v.deleted = 0 AND v.model_id = $3 AND v.model_id <> ''",
        {workspace, runId, modelId});
    while (rows.next()) {
      Asset asset;
      asset.id = rows.integer(0);
      asset.key = {std::string(workspace), parseKind(rows.view(1)).value_or(Kind::artifact), rows.text(2)};
      made.push_back({std::move(asset), rows.integer(3)});
    }
  }
  std::vector<Hold> holds;
  for (const Made& one : made)
    for (Hold& hold : inForce(transaction, one.asset))
      if (hold.number == 0 || hold.number == one.number) holds.push_back(std::move(hold));
  return holds;
}

bool hasHolds(db::Transaction& transaction, std::string_view workspace) {
  return transaction.query("SELECT 1 FROM legal_hold WHERE workspace = $1 AND lifted_at = 0 LIMIT 1", {workspace})
      .next();
}

Error heldError(std::string_view what, std::string_view done, const Hold& hold) {
  return error(Code::refused,
               "{} cannot be {}: legal hold {} forbids it, placed by {} on {}. Another administrator can lift it: "
               "regesta hold lift {} --reason TEXT",
               what, done, hold.id, hold.placedBy, formatTime(hold.placedAt), hold.id);
}

void requireNotHeld(const std::vector<Hold>& holds, std::string_view what, std::string_view done) {
  if (!holds.empty()) throw heldError(what, done, holds.front());
}

}  // namespace regesta::registry

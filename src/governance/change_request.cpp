#include "governance/change_request.h"

#include "base/error.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "db/columns.h"
#include "governance/widening.h"

namespace regesta::governance {

namespace {

constexpr std::string_view columns =
    "SELECT id, workspace, kind, name, pointer, action, from_number, from_digest, to_number, to_digest, "
    "archive_others, reason, "
    "status, requested_by, opened_at, closed_at, closed_by, note, decision, plan, asset, not_before, change_set FROM "
    "change_request ";

ChangeRequest readRequest(const db::Rows& rows) {
  constexpr db::Columns at(columns);
  ChangeRequest request;
  request.id = rows.integer(at["id"]);
  auto kind = registry::parseKind(rows.view(at["kind"]));
  if (!kind)
    throw error(Code::corrupt, "change request {} is about the unknown kind '{}'", request.id, rows.view(at["kind"]));
  request.key = {rows.text(at["workspace"]), *kind, rows.text(at["name"])};
  request.pointer = registry::Pointer::read(rows.text(at["pointer"]));
  request.action = rows.text(at["action"]);
  request.fromNumber = rows.integer(at["from_number"]);
  request.fromDigest = rows.text(at["from_digest"]);
  request.toNumber = rows.integer(at["to_number"]);
  request.toDigest = rows.text(at["to_digest"]);
  request.archiveOthers = rows.integer(at["archive_others"]) != 0;
  request.reason = rows.text(at["reason"]);
  auto status = parseRequestStatus(rows.view(at["status"]));
  if (!status)
    throw error(Code::corrupt, "change request {} has the unknown status '{}'", request.id, rows.view(at["status"]));
  request.status = *status;
  request.requestedBy = rows.text(at["requested_by"]);
  request.openedAt = rows.integer(at["opened_at"]);
  request.closedAt = rows.integer(at["closed_at"]);
  request.closedBy = rows.text(at["closed_by"]);
  request.note = rows.text(at["note"]);
  request.decision = rows.text(at["decision"]);
  request.plan = rows.text(at["plan"]);
  request.asset = rows.integer(at["asset"]);
  request.notBefore = rows.integer(at["not_before"]);
  request.changeSet = rows.text(at["change_set"]);
  return request;
}

json::object about(const ChangeRequest& request) {
  json::object data{{"pointer", request.pointerSubject()}, {"action", request.action}, {"from", request.fromNumber},
                    {"from_digest", request.fromDigest},   {"to", request.toNumber},   {"to_digest", request.toDigest}};
  if (request.asset != 0) data["asset"] = request.asset;
  if (request.notBefore != 0) data["not_before"] = request.notBefore;
  if (!request.changeSet.empty()) data["change_set"] = request.changeSet;
  if (!request.plan.empty()) data["plan"] = crypto::sha256Hex(request.plan);
  return data;
}

std::vector<std::string> rolesFromJson(std::string_view text) {
  std::vector<std::string> roles;
  json::value list = parseJson(text);
  if (list.is_array())
    for (const json::value& role : list.as_array())
      if (role.is_string()) roles.emplace_back(role.as_string());
  return roles;
}

void checkText(std::string_view field, std::string_view text) {
  if (text.size() > 4000) throw Invalid(std::string(field), "must have at most 4000 bytes");
  if (!isUtf8(text)) throw Invalid(std::string(field), "must be UTF-8");
}

}  // namespace

std::string ChangeRequest::bound() const {
  json::object content = about(*this);
  content["workspace"] = key.workspace;
  return crypto::sha256Hex(canonicalJson(content));
}

std::string_view statusName(RequestStatus status) {
  switch (status) {
    case RequestStatus::open:
      return "open";
    case RequestStatus::applied:
      return "applied";
    case RequestStatus::rejected:
      return "rejected";
    case RequestStatus::withdrawn:
      return "withdrawn";
    case RequestStatus::stale:
      return "stale";
    case RequestStatus::expired:
      return "expired";
  }
  return "";
}

std::optional<RequestStatus> parseRequestStatus(std::string_view name) {
  for (RequestStatus status : {RequestStatus::open, RequestStatus::applied, RequestStatus::rejected,
                               RequestStatus::withdrawn, RequestStatus::stale, RequestStatus::expired})
    if (statusName(status) == name) return status;
  return std::nullopt;
}

ChangeRequest openChangeRequest(registry::Change& change, ChangeRequest request) {
  checkText("reason", request.reason);
  request.status = RequestStatus::open;
  request.requestedBy = change.actor.name;
  request.openedAt = change.now;
  request.id = change.transaction.insert(
      "INSERT INTO change_request (workspace, kind, name, pointer, action, from_number, from_digest, to_number, "
      "to_digest, "
      "archive_others, reason, status, requested_by, opened_at, closed_at, closed_by, note, decision, plan, asset, "
      "not_before, change_set) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'open', $12, $13, 0, '', '', $14, $15, $16, $17, $18) "
      "RETURNING id",
      {request.key.workspace, registry::kindName(request.key.kind), request.key.name, request.pointer.text(),
       request.action, request.fromNumber, request.fromDigest, request.toNumber, request.toDigest,
       request.archiveOthers, request.reason, request.requestedBy, request.openedAt, request.decision, request.plan,
       request.asset, request.notBefore, request.changeSet});
  json::object data = about(request);
  data["decision"] = request.decision;
  data["bound"] = request.bound();
  data["reason"] = crypto::sha256Hex(request.reason);
  change.record(registry::Action::changeRequestOpened, request.key.workspace, request.subject(), std::move(data));
  return request;
}

std::optional<ChangeRequest> findChangeRequest(db::Transaction& transaction, std::int64_t id) {
  auto rows = transaction.query(fmt::format("{} WHERE id = $1", columns), {id});
  if (!rows.next()) return std::nullopt;
  return readRequest(rows);
}

ChangeRequest getChangeRequest(db::Transaction& transaction, std::int64_t id) {
  auto request = findChangeRequest(transaction, id);
  if (!request) throw error(Code::notFound, "the change request {} does not exist", id);
  return *std::move(request);
}

std::optional<ChangeRequest> findApplied(db::Transaction& transaction, std::string_view workspace,
                                         std::string_view decision) {
  auto rows = transaction.query(
      fmt::format("{} WHERE decision = $1 AND workspace = $2 AND status = 'applied'", columns), {decision, workspace});
  if (!rows.next()) return std::nullopt;
  return readRequest(rows);
}

std::optional<ChangeRequest> findOpen(db::Transaction& transaction, const ChangeRequest& like) {
  auto rows = transaction.query(
      fmt::format("{} WHERE workspace = $1 AND kind = $2 AND name = $3 AND pointer = $4 AND status = "
                  "'open' AND action = $5 AND "
                  "from_number = $6 AND from_digest = $7 AND to_number = $8 AND to_digest = $9 AND "
                  "archive_others = $10 AND plan = $11 AND (asset = $12 OR asset = 0) AND change_set = $13 ORDER BY id",
                  columns),
      {like.key.workspace, registry::kindName(like.key.kind), like.key.name, like.pointer.text(), like.action,
       like.fromNumber, like.fromDigest, like.toNumber, like.toDigest, like.archiveOthers, like.plan, like.asset,
       like.changeSet});
  if (!rows.next()) return std::nullopt;
  return readRequest(rows);
}

std::vector<ChangeRequest> requestsOfSet(db::Transaction& transaction, std::string_view changeSet) {
  std::vector<ChangeRequest> list;
  auto rows = transaction.query(fmt::format("{} WHERE change_set = $1 ORDER BY id", columns), {changeSet});
  while (rows.next()) list.push_back(readRequest(rows));
  return list;
}

namespace {

registry::Action actionOf(RequestStatus status) {
  switch (status) {
    case RequestStatus::open:
      break;
    case RequestStatus::applied:
      return registry::Action::changeRequestApplied;
    case RequestStatus::rejected:
      return registry::Action::changeRequestRejected;
    case RequestStatus::withdrawn:
      return registry::Action::changeRequestWithdrawn;
    case RequestStatus::stale:
      return registry::Action::changeRequestStale;
    case RequestStatus::expired:
      return registry::Action::changeRequestExpired;
  }
  throw error(Code::internal, "a change request cannot be closed as {}", statusName(status));
}

/// False if it was closed before.
bool closeOne(registry::Change& change, const ChangeRequest& request, RequestStatus status, std::string_view note,
              json::object data) {
  checkText("comment", note);
  std::int64_t closed = change.transaction.run(
      "UPDATE change_request SET status = $2, closed_at = $3, closed_by = $4, note = $5 WHERE id = $1 AND status = "
      "'open'",
      {request.id, statusName(status), change.now, change.actor.name, note});
  if (closed == 0) return false;
  data["pointer"] = request.pointerSubject();
  data["requested_by"] = request.requestedBy;
  data["note"] = crypto::sha256Hex(note);
  change.record(actionOf(status), request.key.workspace, request.subject(), std::move(data));
  return true;
}

}  // namespace

void closeChangeRequest(registry::Change& change, const ChangeRequest& request, RequestStatus status,
                        std::string_view note, json::object data) {
  bool closed = closeOne(change, request, status, note, std::move(data));
  if (!closed || request.changeSet.empty() || status == RequestStatus::applied) return;
  for (const ChangeRequest& other : requestsOfSet(change.transaction, request.changeSet))
    closeOne(change, other, RequestStatus::stale,
             fmt::format("change request {}, which is of the same change set, is {}", request.id, statusName(status)),
             {});
}

void closeStale(registry::Change& change, const registry::AssetKey& key, const registry::Pointer& pointer,
                std::int64_t except) {
  std::vector<ChangeRequest> stale;
  {
    auto rows = change.transaction.query(
        fmt::format(
            "{} WHERE workspace = $1 AND kind = $2 AND name = $3 AND pointer = $4 AND status = 'open' ORDER BY id",
            columns),
        {key.workspace, registry::kindName(key.kind), key.name, pointer.text()});
    while (rows.next()) stale.push_back(readRequest(rows));
  }
  for (const ChangeRequest& request : stale)
    if (request.id != except)
      closeChangeRequest(change, request, RequestStatus::stale, "the pointer has moved in the meantime");
}

std::vector<std::int64_t> requestsAbout(db::Transaction& transaction, const registry::Asset& asset,
                                        std::int64_t version, bool openOnly) {
  std::vector<std::int64_t> ids;
  auto rows = transaction.query(
      "SELECT id, plan, to_number, from_number FROM change_request WHERE workspace = $1 AND kind = $2 AND name = $3 "
      "AND (asset = $4 OR asset = 0) AND (status = 'open' OR $5 = 0) ORDER BY id",
      {asset.key.workspace, registry::kindName(asset.key.kind), asset.key.name, asset.id, openOnly});
  while (rows.next()) {
    bool about = version == 0 || rows.integer(2) == version || rows.integer(3) == version;
    if (!about && !rows.view(1).empty())
      for (const registry::RolloutArm& arm : readPlan(rows.view(1)).arms) about = about || arm.version == version;
    if (about) ids.push_back(rows.integer(0));
  }
  return ids;
}

void closeRequestsAbout(registry::Change& change, const registry::Asset& asset, std::int64_t version,
                        std::string_view note) {
  for (std::int64_t id : requestsAbout(change.transaction, asset, version, true))
    closeChangeRequest(change, getChangeRequest(change.transaction, id), RequestStatus::stale, note);
}

void noteDecision(registry::Change& change, const ChangeRequest& request, std::string_view decision) {
  change.transaction.run("UPDATE change_request SET decision = $2 WHERE id = $1", {request.id, decision});
  change.record(registry::Action::changeRequestDecided, request.key.workspace, request.subject(),
                {{"decision", decision}});
}

void addApproval(registry::Change& change, const ChangeRequest& request, const Approval& approval, bool replace,
                 const json::object& via) {
  checkText("comment", approval.comment);
  json::array roles(approval.roles.begin(), approval.roles.end());
  if (replace)
    change.transaction.run("DELETE FROM approval WHERE change_request = $1 AND actor = $2",
                           {request.id, change.actor.name});
  if (change.transaction
          .query("SELECT 1 FROM approval WHERE change_request = $1 AND actor = $2", {request.id, change.actor.name})
          .next())
    throw error(Code::exists, "{} has already approved change request {}; each user approves once", change.actor.name,
                request.id);
  change.transaction.run(
      "INSERT INTO approval (change_request, actor, roles, comment, bound, decision, created_at, on_behalf_of) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
      {request.id, change.actor.name, json::serialize(roles), approval.comment, approval.bound, approval.decision,
       change.now, approval.onBehalfOf});
  json::object data{{"roles", roles},
                    {"pointer", request.pointerSubject()},
                    {"bound", approval.bound},
                    {"decision", approval.decision},
                    {"comment", crypto::sha256Hex(approval.comment)}};
  if (!approval.onBehalfOf.empty()) data["on_behalf_of"] = approval.onBehalfOf;
  if (!via.empty()) data["via"] = via;
  change.record(registry::Action::approvalGiven, request.key.workspace, request.subject(), std::move(data));
}

std::vector<Approval> approvalsOf(db::Transaction& transaction, std::int64_t changeRequest) {
  static constexpr std::string_view sql =
      "SELECT actor, roles, comment, bound, decision, created_at, on_behalf_of FROM approval WHERE change_request = $1 "
      "ORDER BY created_at, actor";
  constexpr db::Columns at(sql);
  std::vector<Approval> approvals;
  auto rows = transaction.query(sql, {changeRequest});
  while (rows.next())
    approvals.push_back({changeRequest, rows.text(at["actor"]), rolesFromJson(rows.view(at["roles"])),
                         rows.text(at["comment"]), rows.text(at["bound"]), rows.text(at["decision"]),
                         rows.integer(at["created_at"]), rows.text(at["on_behalf_of"])});
  return approvals;
}

std::vector<ChangeRequest> listChangeRequests(db::Transaction& transaction, const RequestFilter& filter) {
  std::vector<ChangeRequest> list;
  auto rows =
      transaction.query(fmt::format("{} WHERE workspace = $1 AND (status = $2 OR $2 = '') AND (kind = $3 OR $3 = "
                                    "'') AND (name = $4 OR $4 = '') AND "
                                    "id < $5 ORDER BY id DESC LIMIT $6",
                                    columns),
                        {filter.workspace, filter.status, filter.kind, filter.name,
                         filter.before > 0 ? filter.before : INT64_MAX, filter.limit});
  while (rows.next()) list.push_back(readRequest(rows));
  return list;
}

std::vector<std::int64_t> scheduledRequests(db::Transaction& transaction, std::int64_t nowMillis) {
  std::vector<std::int64_t> due;
  auto rows = transaction.query(
      "SELECT r.id FROM change_request r JOIN decision d ON d.digest = r.decision WHERE r.status = 'open' AND "
      "r.not_before > 0 AND r.not_before <= $1 AND d.created_at < r.not_before ORDER BY r.id",
      {nowMillis});
  while (rows.next()) due.push_back(rows.integer(0));
  return due;
}

}  // namespace regesta::governance

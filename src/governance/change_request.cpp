#include "governance/change_request.h"

#include "base/error.h"
#include "base/text.h"
#include "crypto/hash.h"

namespace regesta::governance {

namespace {

constexpr std::string_view columns =
    "SELECT id, workspace, kind, name, pointer, action, from_number, from_digest, to_number, to_digest, "
    "archive_others, reason, "
    "status, requested_by, opened_at, closed_at, closed_by, note, decision, plan FROM change_request ";

ChangeRequest readRequest(const db::Rows& rows) {
  ChangeRequest request;
  request.id = rows.integer(0);
  auto kind = registry::parseKind(rows.view(2));
  if (!kind) throw error(Code::corrupt, "change request {} is about the unknown kind '{}'", request.id, rows.view(2));
  request.key = {rows.text(1), *kind, rows.text(3)};
  request.pointer = rows.text(4);
  request.action = rows.text(5);
  request.fromNumber = rows.integer(6);
  request.fromDigest = rows.text(7);
  request.toNumber = rows.integer(8);
  request.toDigest = rows.text(9);
  request.archiveOthers = rows.integer(10) != 0;
  request.reason = rows.text(11);
  request.status = rows.text(12);
  request.requestedBy = rows.text(13);
  request.openedAt = rows.integer(14);
  request.closedAt = rows.integer(15);
  request.closedBy = rows.text(16);
  request.note = rows.text(17);
  request.decision = rows.text(18);
  request.plan = rows.text(19);
  return request;
}

json::object about(const ChangeRequest& request) {
  json::object data{{"pointer", request.pointerSubject()}, {"action", request.action}, {"from", request.fromNumber},
                    {"from_digest", request.fromDigest},   {"to", request.toNumber},   {"to_digest", request.toDigest}};
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

ChangeRequest openChangeRequest(registry::Change& change, ChangeRequest request) {
  checkText("reason", request.reason);
  request.status = "open";
  request.requestedBy = change.actor.name;
  request.openedAt = change.now;
  request.id = change.session.insert(
      "INSERT INTO change_request (workspace, kind, name, pointer, action, from_number, from_digest, to_number, "
      "to_digest, "
      "archive_others, reason, status, requested_by, opened_at, closed_at, closed_by, note, decision, plan) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'open', $12, $13, 0, '', '', $14, $15) RETURNING id",
      {request.key.workspace, registry::kindName(request.key.kind), request.key.name, request.pointer, request.action,
       request.fromNumber, request.fromDigest, request.toNumber, request.toDigest, request.archiveOthers,
       request.reason, request.requestedBy, request.openedAt, request.decision, request.plan});
  json::object data = about(request);
  data["decision"] = request.decision;
  data["bound"] = request.bound();
  data["reason"] = crypto::sha256Hex(request.reason);
  change.record("change-request.opened", request.key.workspace, request.subject(), std::move(data));
  return request;
}

std::optional<ChangeRequest> findChangeRequest(db::Session& session, std::int64_t id) {
  auto rows = session.query(fmt::format("{} WHERE id = $1", columns), {id});
  if (!rows.next()) return std::nullopt;
  return readRequest(rows);
}

ChangeRequest getChangeRequest(db::Session& session, std::int64_t id) {
  auto request = findChangeRequest(session, id);
  if (!request) throw error(Code::notFound, "there is no change request {}", id);
  return *std::move(request);
}

std::optional<ChangeRequest> findApplied(db::Session& session, std::string_view workspace, std::string_view decision) {
  auto rows = session.query(fmt::format("{} WHERE decision = $1 AND workspace = $2 AND status = 'applied'", columns),
                            {decision, workspace});
  if (!rows.next()) return std::nullopt;
  return readRequest(rows);
}

std::optional<ChangeRequest> findOpen(db::Session& session, const ChangeRequest& like) {
  auto rows =
      session.query(fmt::format("{} WHERE workspace = $1 AND kind = $2 AND name = $3 AND pointer = $4 AND status = "
                                "'open' AND action = $5 AND "
                                "from_number = $6 AND from_digest = $7 AND to_number = $8 AND to_digest = $9 AND "
                                "archive_others = $10 AND plan = $11 ORDER BY id",
                                columns),
                    {like.key.workspace, registry::kindName(like.key.kind), like.key.name, like.pointer, like.action,
                     like.fromNumber, like.fromDigest, like.toNumber, like.toDigest, like.archiveOthers, like.plan});
  if (!rows.next()) return std::nullopt;
  return readRequest(rows);
}

void closeChangeRequest(registry::Change& change, const ChangeRequest& request, std::string_view status,
                        std::string_view note, json::object data) {
  checkText("comment", note);
  change.session.run("UPDATE change_request SET status = $2, closed_at = $3, closed_by = $4, note = $5 WHERE id = $1",
                     {request.id, status, change.now, change.actor.name, note});
  data["pointer"] = request.pointerSubject();
  data["requested_by"] = request.requestedBy;
  data["note"] = crypto::sha256Hex(note);
  change.record(fmt::format("change-request.{}", status), request.key.workspace, request.subject(), std::move(data));
}

void closeStale(registry::Change& change, const registry::AssetKey& key, std::string_view pointer,
                std::int64_t except) {
  std::vector<ChangeRequest> stale;
  {
    auto rows = change.session.query(
        fmt::format(
            "{} WHERE workspace = $1 AND kind = $2 AND name = $3 AND pointer = $4 AND status = 'open' ORDER BY id",
            columns),
        {key.workspace, registry::kindName(key.kind), key.name, pointer});
    while (rows.next()) stale.push_back(readRequest(rows));
  }
  for (const ChangeRequest& request : stale)
    if (request.id != except) closeChangeRequest(change, request, "stale", "the pointer has moved meanwhile");
}

void noteDecision(registry::Change& change, const ChangeRequest& request, std::string_view decision) {
  change.session.run("UPDATE change_request SET decision = $2 WHERE id = $1", {request.id, decision});
  change.record("change-request.decided", request.key.workspace, request.subject(), {{"decision", decision}});
}

void addApproval(registry::Change& change, const ChangeRequest& request, const Approval& approval) {
  checkText("comment", approval.comment);
  json::array roles(approval.roles.begin(), approval.roles.end());
  if (change.session
          .query("SELECT 1 FROM approval WHERE change_request = $1 AND actor = $2", {request.id, change.actor.name})
          .next())
    throw error(Code::exists, "{} has approved change request {} already; one person, one approval", change.actor.name,
                request.id);
  change.session.run(
      "INSERT INTO approval (change_request, actor, roles, comment, bound, decision, created_at) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7)",
      {request.id, change.actor.name, json::serialize(roles), approval.comment, approval.bound, approval.decision,
       change.now});
  change.record("approval.given", request.key.workspace, request.subject(),
                {{"roles", roles},
                 {"pointer", request.pointerSubject()},
                 {"bound", approval.bound},
                 {"decision", approval.decision},
                 {"comment", crypto::sha256Hex(approval.comment)}});
}

std::vector<Approval> approvalsOf(db::Session& session, std::int64_t changeRequest) {
  std::vector<Approval> approvals;
  auto rows = session.query(
      "SELECT actor, roles, comment, bound, decision, created_at FROM approval WHERE change_request = $1 "
      "ORDER BY created_at, actor",
      {changeRequest});
  while (rows.next())
    approvals.push_back({changeRequest, rows.text(0), rolesFromJson(rows.view(1)), rows.text(2), rows.text(3),
                         rows.text(4), rows.integer(5)});
  return approvals;
}

std::vector<ChangeRequest> listChangeRequests(db::Session& session, const RequestFilter& filter) {
  std::vector<ChangeRequest> list;
  auto rows = session.query(fmt::format("{} WHERE workspace = $1 AND (status = $2 OR $2 = '') AND (kind = $3 OR $3 = "
                                        "'') AND (name = $4 OR $4 = '') AND "
                                        "id < $5 ORDER BY id DESC LIMIT $6",
                                        columns),
                            {filter.workspace, filter.status, filter.kind, filter.name,
                             filter.before > 0 ? filter.before : INT64_MAX, filter.limit});
  while (rows.next()) list.push_back(readRequest(rows));
  return list;
}

}  // namespace regesta::governance

#include "governance/break_glass.h"

#include <algorithm>
#include <limits>

#include "access/grants.h"
#include "base/error.h"
#include "base/json.h"
#include "base/redact.h"
#include "base/text.h"
#include "base/time.h"
#include "crypto/hash.h"
#include "db/columns.h"
#include "governance/approver.h"
#include "governance/kept_text.h"

namespace regesta::governance {
namespace {

// The present name of the asset, also after a rename.
constexpr std::string_view breakGlassColumns =
    "SELECT b.id, b.workspace, COALESCE(a.kind, b.kind) AS kind, COALESCE(a.name, b.name) AS name, a.id AS present, "
    "b.asset, b.pointer, b.from_number, b.to_number, b.decision, b.reason, b.used_at, b.used_by, b.status, "
    "b.reviewed_at, b.reviewed_by, b.conclusion FROM break_glass b LEFT JOIN asset a ON a.id = b.asset ";
constexpr std::string_view breakGlassStatusNames[] = {"open", "accepted", "objected"};
constexpr std::size_t conclusionLength = 4000;

BreakGlass readBreakGlass(const db::Rows& rows) {
  constexpr db::Columns at(breakGlassColumns);
  BreakGlass used;
  used.id = rows.integer(at["id"]);
  auto kind = registry::parseKind(rows.view(at["kind"]));
  auto status = std::ranges::find(breakGlassStatusNames, rows.view(at["status"]));
  if (!kind || status == std::end(breakGlassStatusNames))
    throw error(Code::corrupt, "the break-glass review {} has an unknown kind or status", used.id);
  used.key = {rows.text(at["workspace"]), *kind, rows.text(at["name"])};
  used.deleted = rows.isNull(at["present"]);
  used.asset = rows.integer(at["asset"]);
  used.pointer = registry::Pointer::read(rows.text(at["pointer"]));
  used.fromNumber = rows.integer(at["from_number"]);
  used.toNumber = rows.integer(at["to_number"]);
  used.decision = rows.text(at["decision"]);
  used.reason = rows.text(at["reason"]);
  used.usedAt = rows.integer(at["used_at"]);
  used.usedBy = rows.text(at["used_by"]);
  used.status = static_cast<BreakGlassStatus>(status - std::begin(breakGlassStatusNames));
  used.reviewedAt = rows.integer(at["reviewed_at"]);
  used.reviewedBy = rows.text(at["reviewed_by"]);
  used.conclusion = rows.text(at["conclusion"]);
  return used;
}

json::object entryData(const BreakGlass& used) {
  return {{"pointer", used.key.subject(used.pointer)},
          {"from", used.fromNumber},
          {"to", used.toNumber},
          {"decision", used.decision}};
}

void requireReviewer(db::Transaction& transaction, const access::Identity& identity, const BreakGlass& used) {
  if (identity.local) return;  // a server without users has nobody else
  identity.require(access::Verb::approve, used.key.workspace, used.key.name);
  requirePerson(identity.actor);
  if (used.usedBy == identity.actor.name)
    throw error(Code::denied, "you made this move: another user who may approve must review it");
  auto version = registry::findVersion(transaction, used.key, used.toNumber);
  if (version)
    requireNotAuthor(transaction, identity.actor, *version, "somebody else who may approve must review the move");
}

}  // namespace

std::string_view statusName(BreakGlassStatus status) { return breakGlassStatusNames[static_cast<std::size_t>(status)]; }

void requireMayBreakGlass(const access::Identity& identity, const Question& question) {
  identity.require(access::Verb::administer, question.key.workspace, question.key.name);
  requirePerson(identity.actor);
  if (question.key.kind == registry::Kind::policy)
    throw Invalid("break_glass", "is not for policies: they protect everything else");
  if (!question.plan.empty() || question.notBefore != 0)
    throw Invalid("break_glass", "moves at once: it is not for rollouts and scheduled moves");
  if (trim(question.reason).empty()) throw Invalid("reason", "is required to move against the policies");
}

void breakGlass(GateCheck& check, const access::Identity& identity, const Question& question) {
  if (check.decision.result == DecisionResult::allowed) return;
  amendDecision(check.decision, DecisionResult::allowed, [&](json::object& body) {
    for (const json::value& item : body.at("evaluations").as_array()) {
      const json::object& evaluation = item.as_object();
      const json::object& verdict = evaluation.at("verdict").as_object();
      if (memberText(evaluation, "policy").starts_with("built-in/") && !verdict.at("deny").as_array().empty())
        throw error(Code::refused, "{} cannot be moved by break-glass: {}", question.key.subject(question.pointer),
                    memberText(verdict.at("deny").at(0).as_object(), "msg"));
    }
    body["break_glass"] = json::object{{"by", identity.actor.name}, {"reason", redactText(question.reason)}};
  });
  check.brokeGlass = true;
}

std::int64_t openReview(registry::Change& change, const Case& about, const GateCheck& check) {
  BreakGlass used;
  used.key = about.question.key;
  used.asset = about.move.asset.id;
  used.pointer = about.question.pointer;
  used.fromNumber = about.move.from;
  used.toNumber = about.question.to;
  used.decision = check.decision.digest;
  used.reason = redactText(about.question.reason);
  used.usedAt = change.now;
  used.usedBy = change.actor.name;
  used.id = change.transaction.insert(
      "INSERT INTO break_glass (workspace, kind, name, asset, pointer, from_number, to_number, decision, reason, "
      "used_at, used_by, status, reviewed_at, reviewed_by, conclusion) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, "
      "$10, $11, 'open', 0, '', '') RETURNING id",
      {used.key.workspace, registry::kindName(used.key.kind), used.key.name, used.asset, used.pointer.text(),
       used.fromNumber, used.toNumber, used.decision, used.reason, used.usedAt, used.usedBy});
  json::object data = entryData(used);
  data["reason"] = used.reason;
  change.record(registry::Action::breakGlassUsed, used.key.workspace, used.subject(), std::move(data));
  return used.id;
}

BreakGlass reviewBreakGlass(registry::Change& change, const access::Identity& identity, BreakGlass used,
                            BreakGlassStatus status, std::string_view conclusion) {
  requireReviewer(change.transaction, identity, used);
  if (used.status != BreakGlassStatus::open)
    throw error(Code::invalidState, "{} has reviewed this move already: {}", used.reviewedBy, statusName(used.status));
  used.status = status;
  used.reviewedAt = change.now;
  used.reviewedBy = change.actor.name;
  used.conclusion = requiredText("conclusion", conclusion, conclusionLength);
  change.transaction.run(
      "UPDATE break_glass SET status = $2, reviewed_at = $3, reviewed_by = $4, conclusion = $5 WHERE id = $1",
      {used.id, statusName(status), used.reviewedAt, used.reviewedBy, used.conclusion});
  json::object data = entryData(used);
  data["used_by"] = used.usedBy;
  data["status"] = statusName(status);
  data["conclusion"] = used.conclusion;
  change.record(registry::Action::breakGlassReviewed, used.key.workspace, used.subject(), std::move(data));
  return used;
}

std::optional<BreakGlass> findBreakGlass(db::Transaction& transaction, std::string_view workspace, std::int64_t id) {
  auto rows =
      transaction.query(fmt::format("{} WHERE b.workspace = $1 AND b.id = $2", breakGlassColumns), {workspace, id});
  if (!rows.next()) return std::nullopt;
  return readBreakGlass(rows);
}

std::vector<BreakGlass> listBreakGlass(db::Transaction& transaction, std::string_view workspace,
                                       std::optional<BreakGlassStatus> status, std::int64_t before, std::size_t limit) {
  std::int64_t below = before > 0 ? before : std::numeric_limits<std::int64_t>::max();
  std::vector<BreakGlass> list;
  auto rows = transaction.query(
      fmt::format("{} WHERE b.workspace = $1 AND b.id < $2 AND ($3 = '' OR b.status = $3) ORDER BY b.id DESC LIMIT $4",
                  breakGlassColumns),
      {workspace, below, status ? statusName(*status) : std::string_view(), limit});
  while (rows.next()) list.push_back(readBreakGlass(rows));
  return list;
}

bool maySee(const access::Identity& identity, const BreakGlass& used) {
  if (used.deleted) return identity.may(access::Verb::administer, used.key.workspace, access::everyName);
  return identity.may(access::Verb::read, used.key.workspace, used.key.name);
}

std::int64_t openReviews(db::Transaction& transaction) {
  auto rows = transaction.query("SELECT COUNT(*) FROM break_glass WHERE status = 'open'");
  return rows.next() ? rows.integer(0) : 0;
}

}  // namespace regesta::governance

#include "governance/waiver.h"

#include <algorithm>
#include <limits>

#include "access/grants.h"
#include "base/error.h"
#include "base/name_pattern.h"
#include "base/text.h"
#include "base/time.h"
#include "crypto/hash.h"
#include "db/columns.h"
#include "governance/approver.h"
#include "governance/governor.h"
#include "governance/input.h"
#include "governance/kept_text.h"

namespace regesta::governance {
namespace {

constexpr std::string_view waiverColumns =
    "SELECT id, workspace, kind, name_pattern, version, pointer, policy, code, role, reason, expires_at, status, "
    "requested_at, requested_by, approved_at, approved_by, revoked_at, revoked_by, note FROM waiver ";
constexpr std::string_view waiverStatusNames[] = {"requested", "approved", "revoked"};
constexpr std::size_t waiverTextLength = 4000;
constexpr std::int64_t dayMillis = 24LL * 3600 * 1000;

Waiver readWaiver(const db::Rows& rows) {
  constexpr db::Columns at(waiverColumns);
  Waiver waiver;
  waiver.id = rows.integer(at["id"]);
  waiver.workspace = rows.text(at["workspace"]);
  waiver.kind = rows.text(at["kind"]);
  waiver.namePattern = rows.text(at["name_pattern"]);
  waiver.version = rows.integer(at["version"]);
  waiver.pointer = registry::Pointer::read(rows.text(at["pointer"]));
  waiver.policy = rows.text(at["policy"]);
  waiver.code = rows.text(at["code"]);
  waiver.role = rows.text(at["role"]);
  waiver.reason = rows.text(at["reason"]);
  waiver.expiresAt = rows.integer(at["expires_at"]);
  auto status = std::ranges::find(waiverStatusNames, rows.view(at["status"]));
  if (status == std::end(waiverStatusNames)) throw error(Code::corrupt, "waiver {} has an unknown status", waiver.id);
  waiver.status = static_cast<WaiverStatus>(status - std::begin(waiverStatusNames));
  waiver.requestedAt = rows.integer(at["requested_at"]);
  waiver.requestedBy = rows.text(at["requested_by"]);
  waiver.approvedAt = rows.integer(at["approved_at"]);
  waiver.approvedBy = rows.text(at["approved_by"]);
  waiver.revokedAt = rows.integer(at["revoked_at"]);
  waiver.revokedBy = rows.text(at["revoked_by"]);
  waiver.note = rows.text(at["note"]);
  return waiver;
}

json::object entryData(const Waiver& waiver) {
  return {{"kind", waiver.kind},
          {"name_pattern", waiver.namePattern},
          {"version", waiver.version},
          {"pointer", waiver.pointer.text()},
          {"policy", waiver.policy},
          {"code", waiver.code},
          {"role", waiver.role},
          {"reason", waiver.reason},
          {"expires_at", formatTime(waiver.expiresAt)}};
}

void checkScope(const Waiver& waiver, std::int64_t now) {
  if (waiver.kind == registry::kindName(registry::Kind::policy) ||
      (waiver.kind != "*" && !registry::parseKind(waiver.kind)))
    throw Invalid("kind", "must be prompt, model, dataset, artifact or \"*\"");
  const std::string& pattern = waiver.namePattern;
  registry::checkNamePattern(pattern);
  if (waiver.version < 0) throw Invalid("version", "must be a version number, or 0 for every version");
  if (waiver.version != 0 && pattern.find_first_of("*?") != pattern.npos)
    throw Invalid("version", "needs the name of one asset, not a pattern");
  if (waiver.version != 0 && waiver.kind == "*") throw Invalid("version", "needs the kind of the asset");
  if (waiver.code.empty() || waiver.code.size() > 200 || !isUtf8(waiver.code))
    throw Invalid("code", "must be the code of the violations that are to pass, at most 200 bytes");
  if (waiver.expiresAt <= now) throw Invalid("expires_at", "must be in the future");
  if (waiver.expiresAt > now + longestWaiverDays * dayMillis)
    throw Invalid("expires_at", fmt::format("must be at most {} days away", longestWaiverDays));
  access::Grant grant{waiver.role, waiver.workspace, pattern};
  access::checkGrant(grant, "role");
  if (!access::isApprovalRole(waiver.role))
    throw Invalid("role", "must be a role that approves, such as approver or risk");
}

Waiver presentWaiver(registry::Change& change, const access::Identity& identity, std::string_view workspace,
                     std::int64_t id) {
  auto waiver = findWaiver(change.transaction, workspace, id);
  if (!waiver || !maySee(identity, *waiver))
    throw error(Code::notFound, "workspace '{}' has no waiver {}", workspace, id);
  return *std::move(waiver);
}

bool holdsRole(const access::Identity& identity, const Waiver& waiver) {
  std::vector<std::string> held = identity.rolesOn(waiver.workspace, waiver.namePattern);
  return std::ranges::find(held, waiver.role) != held.end();
}

void requireNotItsAuthor(db::Transaction& transaction, const access::Identity& identity, const Waiver& waiver) {
  auto kind = registry::parseKind(waiver.kind);
  if (waiver.version == 0 || !kind) return;
  auto version = registry::findVersion(transaction, {waiver.workspace, *kind, waiver.namePattern}, waiver.version);
  if (version)
    requireNotAuthor(
        transaction, identity.actor, *version,
        fmt::format("somebody else who holds the role '{}' must approve waiver {}", waiver.role, waiver.id));
}

/// Whether the ledger says that it was granted, with this scope, and not that it was revoked. A row alone may have been
/// written by anybody with SQL.
bool isGranted(db::Transaction& transaction, const Waiver& waiver) {
  bool granted = false;
  auto rows = transaction.query(
      "SELECT e.body FROM subject_entry s JOIN ledger_entry e ON e.id = s.entry WHERE s.workspace = $1 AND s.subject = "
      "$2 AND e.refused IS NULL",
      {waiver.workspace, waiver.subject()});
  while (rows.next()) {
    json::value entry = parseJson(rows.view(0));
    if (!entry.is_object()) continue;
    auto action = registry::parseAction(memberText(entry.as_object(), "action"));
    if (action == registry::Action::waiverRevoked) return false;
    if (action != registry::Action::waiverGranted || memberText(entry.as_object(), "actor") != waiver.approvedBy)
      continue;
    const json::value* data = entry.as_object().if_contains("data");
    granted = granted || (data && data->is_object() && memberText(data->as_object(), "bound") == waiver.bound());
  }
  return granted;
}

std::string policyName(std::string_view subject) {
  std::string_view name = subject.substr(std::string_view("policy/").size());
  return std::string(name.substr(0, name.rfind('@')));
}

/// Empty: any role. Nothing: the policy lets nobody waive it.
std::optional<std::string> roleToWaive(const json::object& violation) {
  const json::value* rule = violation.if_contains("waiver");
  if (!rule) return "";
  if (!rule->is_object()) return std::nullopt;
  std::string role = memberText(rule->as_object(), "role");
  if (role.empty()) return std::nullopt;  // what cannot be understood must not make it easier
  return role;
}

}  // namespace

std::string_view statusName(WaiverStatus status) { return waiverStatusNames[static_cast<std::size_t>(status)]; }

std::string Waiver::bound() const {
  json::object content = entryData(*this);
  content["workspace"] = workspace;
  content["requested_by"] = requestedBy;
  return crypto::sha256Hex(canonicalJson(content));
}

bool maySee(const access::Identity& identity, const Waiver& waiver) {
  Binding pattern;
  pattern.workspace = waiver.workspace;
  pattern.namePattern = waiver.namePattern;
  return concerns(identity, pattern, waiver.workspace);
}

Waiver requestWaiver(registry::Change& change, const access::Identity& identity, Waiver waiver) {
  identity.require(access::Verb::write, waiver.workspace, waiver.namePattern);
  if (waiver.pointer == registry::Pointer::stage("None")) throw Invalid("pointer", "must not be stage:None");
  checkScope(waiver, change.now);
  if (auto kind = registry::parseKind(waiver.kind); kind && waiver.version != 0)
    registry::getVersion(change.transaction, {waiver.workspace, *kind, waiver.namePattern}, waiver.version);
  waiver.reason = requiredText("reason", waiver.reason, waiverTextLength);
  waiver.status = WaiverStatus::requested;
  waiver.requestedAt = change.now;
  waiver.requestedBy = change.actor.name;
  waiver.id = change.transaction.insert(
      "INSERT INTO waiver (workspace, kind, name_pattern, version, pointer, policy, code, role, reason, expires_at, "
      "status, requested_at, requested_by, approved_at, approved_by, revoked_at, revoked_by, note) VALUES ($1, $2, $3, "
      "$4, $5, $6, $7, $8, $9, $10, 'requested', $11, $12, 0, '', 0, '', '') RETURNING id",
      {waiver.workspace, waiver.kind, waiver.namePattern, waiver.version, waiver.pointer.text(), waiver.policy,
       waiver.code, waiver.role, waiver.reason, waiver.expiresAt, waiver.requestedAt, waiver.requestedBy});
  change.record(registry::Action::waiverRequested, waiver.workspace, waiver.subject(), entryData(waiver));
  return waiver;
}

Waiver approveWaiver(registry::Change& change, const access::Identity& identity, std::string_view workspace,
                     std::int64_t id, std::string_view comment) {
  Waiver waiver = presentWaiver(change, identity, workspace, id);
  requirePerson(identity.actor);
  if (!identity.may(access::Verb::approve, waiver.workspace, waiver.namePattern) || !holdsRole(identity, waiver))
    throw access::missingRole(identity, waiver.role, waiver.workspace, waiver.namePattern);
  if (waiver.status != WaiverStatus::requested)
    throw error(Code::invalidState, "waiver {} is {}", waiver.id, statusName(waiver.status));
  if (waiver.expiresAt <= change.now)
    throw error(Code::invalidState, "waiver {} would have expired on {}; request another one", waiver.id,
                formatTime(waiver.expiresAt));
  if (waiver.requestedBy == identity.actor.name)
    throw error(Code::denied, "you requested waiver {}: another user who holds the role '{}' must approve it",
                waiver.id, waiver.role);
  requireNotItsAuthor(change.transaction, identity, waiver);
  waiver.status = WaiverStatus::approved;
  waiver.approvedAt = change.now;
  waiver.approvedBy = change.actor.name;
  waiver.note = keptText("comment", comment, waiverTextLength);
  change.transaction.run(
      "UPDATE waiver SET status = 'approved', approved_at = $2, approved_by = $3, note = $4 WHERE id = $1",
      {waiver.id, waiver.approvedAt, waiver.approvedBy, waiver.note});
  json::object data = entryData(waiver);
  data["requested_by"] = waiver.requestedBy;
  data["bound"] = waiver.bound();
  if (!waiver.note.empty()) data["comment"] = waiver.note;
  change.record(registry::Action::waiverGranted, waiver.workspace, waiver.subject(), std::move(data));
  return waiver;
}

Waiver revokeWaiver(registry::Change& change, const access::Identity& identity, std::string_view workspace,
                    std::int64_t id, std::string_view reason) {
  Waiver waiver = presentWaiver(change, identity, workspace, id);
  if (waiver.requestedBy != identity.actor.name)
    identity.require(access::Verb::approve, waiver.workspace, waiver.namePattern);
  if (waiver.status == WaiverStatus::revoked)
    throw error(Code::invalidState, "waiver {} was revoked by {}", waiver.id, waiver.revokedBy);
  waiver.status = WaiverStatus::revoked;
  waiver.revokedAt = change.now;
  waiver.revokedBy = change.actor.name;
  waiver.note = requiredText("reason", reason, waiverTextLength);
  change.transaction.run(
      "UPDATE waiver SET status = 'revoked', revoked_at = $2, revoked_by = $3, note = $4 WHERE id = $1",
      {waiver.id, waiver.revokedAt, waiver.revokedBy, waiver.note});
  json::object data = entryData(waiver);
  data["note"] = waiver.note;
  change.record(registry::Action::waiverRevoked, waiver.workspace, waiver.subject(), std::move(data));
  return waiver;
}

std::optional<Waiver> findWaiver(db::Transaction& transaction, std::string_view workspace, std::int64_t id) {
  auto rows = transaction.query(fmt::format("{} WHERE workspace = $1 AND id = $2", waiverColumns), {workspace, id});
  if (!rows.next()) return std::nullopt;
  return readWaiver(rows);
}

std::vector<Waiver> listWaivers(db::Transaction& transaction, std::string_view workspace,
                                std::optional<WaiverStatus> status, std::int64_t before, std::size_t limit) {
  std::int64_t below = before > 0 ? before : std::numeric_limits<std::int64_t>::max();
  std::vector<Waiver> waivers;
  auto rows = transaction.query(
      fmt::format("{} WHERE workspace = $1 AND id < $2 AND ($3 = '' OR status = $3) ORDER BY id DESC LIMIT $4",
                  waiverColumns),
      {workspace, below, status ? statusName(*status) : std::string_view(), limit});
  while (rows.next()) waivers.push_back(readWaiver(rows));
  return waivers;
}

std::string whyNotInForce(db::Transaction& transaction, const Waiver& waiver, std::int64_t nowMillis) {
  if (waiver.status != WaiverStatus::approved) return std::string(statusName(waiver.status));
  if (waiver.expiresAt <= nowMillis) return "expired";
  if (!isGranted(transaction, waiver)) return "not in the ledger";
  if (!holdsRole(access::identityOf(transaction, waiver.approvedBy, nowMillis), waiver))
    return fmt::format("{} no longer holds the role '{}'", waiver.approvedBy, waiver.role);
  return {};
}

std::vector<Waiver> waiversFor(db::Transaction& transaction, const Facts& facts, std::int64_t nowMillis) {
  std::vector<Waiver> found;
  const json::value* shown = facts.input.if_contains("pointer");
  if (!shown || !shown->is_object()) return found;
  const json::object& about = shown->as_object();
  std::string kind = memberText(about, "kind"), name = memberText(about, "name");
  if (kind == registry::kindName(registry::Kind::policy)) return found;
  std::int64_t number = facts.candidate ? facts.candidate->number : facts.from;
  {
    auto rows = transaction.query(
        fmt::format("{} WHERE workspace = $1 AND status = 'approved' AND pointer = $2 AND expires_at > $3 AND "
                    "(version = 0 OR version = $4) ORDER BY id",
                    waiverColumns),
        {memberText(about, "workspace"), memberText(about, "pointer"), nowMillis, number});
    while (rows.next()) found.push_back(readWaiver(rows));
  }
  std::erase_if(found, [&](const Waiver& waiver) {
    return !AssetPattern{waiver.workspace, waiver.kind, waiver.namePattern}.covers(waiver.workspace, kind, name) ||
           facts.authors.contains(waiver.approvedBy) || !whyNotInForce(transaction, waiver, nowMillis).empty();
  });
  return found;
}

bool letsPass(const WaiverRule& waiver, std::string_view policy, std::string_view code, const json::object& violation) {
  if (code.empty() || waiver.code != code || !policy.starts_with("policy/")) return false;
  auto role = roleToWaive(violation);
  return role && (role->empty() || waiver.role == *role) &&
         (waiver.policy.empty() || waiver.policy == policyName(policy));
}

std::vector<WaivedViolation> takeWaived(policy::Verdict& said, std::string_view policy, const Facts& facts) {
  std::vector<WaivedViolation> waived;
  if (facts.waivers.empty()) return waived;
  std::erase_if(said.deny, [&](const policy::Violation& violation) {
    auto waiver = std::ranges::find_if(facts.waivers, [&](const Waiver& one) {
      return letsPass({one.policy, one.code, one.role}, policy, violation.code, violation.more);
    });
    if (waiver == facts.waivers.end()) return false;
    waived.push_back({violation, std::string(policy), waiver->id});
    return true;
  });
  return waived;
}

json::array toJson(const std::vector<WaivedViolation>& waived) {
  json::array list;
  for (const WaivedViolation& one : waived)
    list.push_back(json::object{
        {"waiver", one.waiver}, {"policy", one.policy}, {"code", one.violation.code}, {"msg", one.violation.msg}});
  return list;
}

}  // namespace regesta::governance

#include "governance/delegate.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "access/grants.h"
#include "base/error.h"
#include "base/json.h"
#include "base/name_pattern.h"
#include "base/time.h"
#include "crypto/hash.h"
#include "db/columns.h"
#include "governance/approver.h"
#include "governance/kept_text.h"

namespace regesta::governance {
namespace {

constexpr std::string_view delegateColumns =
    "SELECT id, workspace, delegator, delegate, role, starts_at, ends_at, reason, added_at, removed_at, removed_by "
    "FROM delegate ";
constexpr std::size_t delegateReasonLength = 1000;
constexpr std::int64_t delegateDayMillis = 24LL * 3600 * 1000;
constexpr std::int64_t longestDelay = 366;  // days until it starts

Delegation readDelegation(const db::Rows& rows) {
  constexpr db::Columns at(delegateColumns);
  Delegation found;
  found.id = rows.integer(at["id"]);
  found.workspace = rows.text(at["workspace"]);
  found.delegator = rows.text(at["delegator"]);
  found.delegate = rows.text(at["delegate"]);
  found.role = rows.text(at["role"]);
  found.startsAt = rows.integer(at["starts_at"]);
  found.endsAt = rows.integer(at["ends_at"]);
  found.reason = rows.text(at["reason"]);
  found.addedAt = rows.integer(at["added_at"]);
  found.removedAt = rows.integer(at["removed_at"]);
  found.removedBy = rows.text(at["removed_by"]);
  return found;
}

json::object entryData(const Delegation& delegation) {
  return {{"delegator", delegation.delegator},
          {"delegate", delegation.delegate},
          {"role", delegation.role},
          {"starts_at", formatTime(delegation.startsAt)},
          {"ends_at", formatTime(delegation.endsAt)},
          {"reason", delegation.reason}};
}

/// A role that can be delegated: administrators are not represented.
bool canBeDelegated(std::string_view role) { return role != "admin" && access::isApprovalRole(role); }

/// Without the rest: what the user holds themself, on whatever names.
bool holdsSome(const access::Identity& identity, std::string_view workspace, std::string_view role) {
  return std::ranges::any_of(identity.grants, [&](const access::Grant& grant) {
    return AssetPattern{.workspace = grant.workspace}.isIn(workspace) && canBeDelegated(grant.role) &&
           (role.empty() || grant.role == role);
  });
}

void checkPeriod(Delegation& delegation, std::int64_t now) {
  if (delegation.startsAt == 0) delegation.startsAt = now;
  if (delegation.startsAt > now + longestDelay * delegateDayMillis)
    throw Invalid("starts_at", fmt::format("must be at most {} days away", longestDelay));
  if (delegation.endsAt <= now) throw Invalid("ends_at", "must be in the future");
  if (delegation.endsAt <= delegation.startsAt) throw Invalid("ends_at", "must be after starts_at");
  if (delegation.endsAt - delegation.startsAt > longestDelegationDays * delegateDayMillis)
    throw Invalid("ends_at", fmt::format("must be at most {} days after starts_at", longestDelegationDays));
}

/// Whether the ledger says that it was added, as the row has it, and not that it was removed. A row alone may have been
/// written by anybody with SQL.
bool isRecorded(db::Transaction& transaction, const Delegation& delegation) {
  bool added = false;
  auto rows = transaction.query(
      "SELECT e.body FROM subject_entry s JOIN ledger_entry e ON e.id = s.entry WHERE s.workspace = $1 AND s.subject = "
      "$2 AND e.refused IS NULL",
      {delegation.workspace, delegation.subject()});
  while (rows.next()) {
    json::value entry = parseJson(rows.view(0));
    if (!entry.is_object()) continue;
    auto action = registry::parseAction(memberText(entry.as_object(), "action"));
    if (action == registry::Action::delegateRemoved) return false;
    if (action != registry::Action::delegateAdded || memberText(entry.as_object(), "actor") != delegation.delegator)
      continue;
    const json::value* data = entry.as_object().if_contains("data");
    added = added || (data && data->is_object() && memberText(data->as_object(), "bound") == delegation.bound());
  }
  return added;
}

bool mayReadIn(db::Transaction& transaction, const Delegation& delegation, std::string_view actor,
               std::int64_t nowMillis) {
  return access::identityOf(transaction, actor, nowMillis).may(access::Verb::read, delegation.workspace);
}

}  // namespace

std::string Delegation::bound() const {
  json::object content = entryData(*this);
  content["workspace"] = workspace;
  return crypto::sha256Hex(canonicalJson(content));
}

Delegation addDelegate(registry::Change& change, const access::Identity& identity, Delegation delegation) {
  requirePerson(identity.actor);
  if (identity.local)
    throw error(Code::invalidState,
                "this server has no users: nobody can be a delegate; create users with regesta user create NAME");
  delegation.delegator = change.actor.name;
  if (delegation.delegate == delegation.delegator) throw Invalid("delegate", "must be another user");
  if (delegation.role == "admin")
    throw Invalid("role", "must be a role that approves, such as approver or risk: administrators have no delegates");
  if (!holdsSome(identity, delegation.workspace, delegation.role))
    throw error(Code::denied,
                "you hold no {} in workspace '{}' that a delegate could approve in: the role admin, and roles that "
                "were delegated to you, cannot be delegated",
                delegation.role.empty() ? "role" : fmt::format("role '{}'", delegation.role), delegation.workspace);
  checkPeriod(delegation, change.now);
  if (!registry::ActorId::read(delegation.delegate).isPerson() ||
      !mayReadIn(change.transaction, delegation, delegation.delegate, change.now))
    throw Invalid("delegate",
                  fmt::format("must be an active user who may read in workspace '{}'", delegation.workspace));
  delegation.reason = keptText("reason", delegation.reason, delegateReasonLength);
  delegation.addedAt = change.now;
  delegation.id = change.transaction.insert(
      "INSERT INTO delegate (workspace, delegator, delegate, role, starts_at, ends_at, reason, added_at, removed_at, "
      "removed_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, '') RETURNING id",
      {delegation.workspace, delegation.delegator, delegation.delegate, delegation.role, delegation.startsAt,
       delegation.endsAt, delegation.reason, delegation.addedAt});
  json::object data = entryData(delegation);
  data["bound"] = delegation.bound();
  change.record(registry::Action::delegateAdded, delegation.workspace, delegation.subject(), std::move(data));
  return delegation;
}

Delegation removeDelegate(registry::Change& change, const access::Identity& identity, Delegation delegation) {
  if (identity.actor.name != delegation.delegator && identity.actor.name != delegation.delegate)
    identity.require(access::Verb::administer, delegation.workspace, access::everyName);
  if (delegation.removedAt != 0)
    throw error(Code::invalidState, "{} has already removed delegate {}", delegation.removedBy, delegation.id);
  if (delegation.endsAt <= change.now)
    throw error(Code::invalidState, "delegate {} ended on {}", delegation.id, formatTime(delegation.endsAt));
  delegation.removedAt = change.now;
  delegation.removedBy = change.actor.name;
  change.transaction.run("UPDATE delegate SET removed_at = $2, removed_by = $3 WHERE id = $1",
                         {delegation.id, delegation.removedAt, delegation.removedBy});
  change.record(registry::Action::delegateRemoved, delegation.workspace, delegation.subject(), entryData(delegation));
  return delegation;
}

std::optional<Delegation> findDelegate(db::Transaction& transaction, std::string_view workspace, std::int64_t id) {
  auto rows = transaction.query(fmt::format("{} WHERE workspace = $1 AND id = $2", delegateColumns), {workspace, id});
  if (!rows.next()) return std::nullopt;
  return readDelegation(rows);
}

std::vector<Delegation> listDelegates(db::Transaction& transaction, std::string_view workspace, std::int64_t before,
                                      std::size_t limit) {
  std::int64_t below = before > 0 ? before : std::numeric_limits<std::int64_t>::max();
  std::vector<Delegation> found;
  auto rows =
      transaction.query(fmt::format("{} WHERE workspace = $1 AND id < $2 ORDER BY id DESC LIMIT $3", delegateColumns),
                        {workspace, below, limit});
  while (rows.next()) found.push_back(readDelegation(rows));
  return found;
}

bool maySee(const access::Identity& identity, const Delegation& delegation) {
  if (identity.actor.name == delegation.delegator || identity.actor.name == delegation.delegate) return true;
  if (identity.may(access::Verb::approve, delegation.workspace)) return true;
  return std::ranges::count(identity.rolesOn(delegation.workspace, access::everyName), "auditor") > 0;
}

std::string whyNotInForce(db::Transaction& transaction, const Delegation& delegation, std::int64_t nowMillis) {
  if (delegation.removedAt != 0) return "removed";
  if (delegation.endsAt <= nowMillis) return "ended";
  if (delegation.startsAt > nowMillis) return "not started";
  if (!isRecorded(transaction, delegation)) return "not in the ledger";
  if (!holdsSome(access::identityOf(transaction, delegation.delegator, nowMillis), delegation.workspace,
                 delegation.role))
    return fmt::format("{} no longer holds the role", delegation.delegator);
  if (!mayReadIn(transaction, delegation, delegation.delegate, nowMillis))
    return fmt::format("{} is no longer active", delegation.delegate);
  return {};
}

std::vector<Represented> representedBy(db::Transaction& transaction, const registry::Actor& delegate,
                                       const ChangeRequest& request, std::int64_t nowMillis) {
  std::vector<Delegation> candidates;
  {
    auto rows = transaction.query(
        fmt::format("{} WHERE workspace = $1 AND delegate = $2 AND removed_at = 0 AND starts_at <= $3 AND ends_at > $3 "
                    "ORDER BY id",
                    delegateColumns),
        {request.key.workspace, delegate.name, nowMillis});
    while (rows.next()) candidates.push_back(readDelegation(rows));
  }
  std::map<std::string, std::set<std::string>> roles;
  for (const Delegation& one : candidates) {
    if (!whyNotInForce(transaction, one, nowMillis).empty()) continue;
    access::Identity delegator = access::identityOf(transaction, one.delegator, nowMillis);
    for (const std::string& role : delegator.rolesOn(request.key.workspace, request.key.name))
      if (canBeDelegated(role) && (one.role.empty() || one.role == role)) roles[one.delegator].insert(role);
  }
  std::vector<Represented> found;
  for (const auto& [actor, held] : roles) found.push_back({actor, {held.begin(), held.end()}});
  return found;
}

}  // namespace regesta::governance

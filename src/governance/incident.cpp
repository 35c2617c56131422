#include "governance/incident.h"

#include <algorithm>
#include <limits>

#include "access/grants.h"
#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "crypto/hash.h"
#include "db/columns.h"
#include "governance/approver.h"
#include "governance/kept_text.h"
#include "governance/quarantine.h"
#include "registry/archive.h"
#include "registry/clearance_issuer.h"
#include "registry/pointer.h"

namespace regesta::governance {
namespace {

// The present name of the asset, also after a rename.
constexpr std::string_view select =
    "SELECT i.id, i.workspace, COALESCE(a.kind, i.kind) AS kind, COALESCE(a.name, i.name) AS name, a.id AS present, "
    "i.asset, i.version, i.number, i.version_digest, i.reason, i.facts, i.opened_at, i.opened_by, i.mitigation, "
    "i.status, i.closed_at, i.closed_by, i.conclusion, i.report FROM incident i LEFT JOIN asset a ON a.id = i.asset ";

Incident readIncident(const db::Rows& rows) {
  constexpr db::Columns at(select);
  Incident incident;
  incident.id = rows.integer(at["id"]);
  auto kind = registry::parseKind(rows.view(at["kind"]));
  auto status = parseIncidentStatus(rows.view(at["status"]));
  if (!kind || !status) throw error(Code::corrupt, "incident {} has an unknown kind or status", incident.id);
  incident.key = {rows.text(at["workspace"]), *kind, rows.text(at["name"])};
  incident.deleted = rows.isNull(at["present"]);
  incident.asset = rows.integer(at["asset"]);
  incident.version = rows.integer(at["version"]);
  incident.number = rows.integer(at["number"]);
  incident.versionDigest = rows.text(at["version_digest"]);
  incident.reason = rows.text(at["reason"]);
  incident.facts = rows.text(at["facts"]);
  incident.openedAt = rows.integer(at["opened_at"]);
  incident.openedBy = rows.text(at["opened_by"]);
  incident.mitigation = rows.integer(at["mitigation"]);
  incident.status = *status;
  incident.closedAt = rows.integer(at["closed_at"]);
  incident.closedBy = rows.text(at["closed_by"]);
  incident.conclusion = rows.text(at["conclusion"]);
  incident.report = rows.integer(at["report"]);
  return incident;
}

std::vector<Incident> readAll(db::Rows rows) {
  std::vector<Incident> incidents;
  while (rows.next()) incidents.push_back(readIncident(rows));
  return incidents;
}

/// What the caller read may be outdated: the row in this transaction.
Incident present(registry::Change& change, const Incident& incident) {
  auto found = findIncident(change.transaction, incident.key.workspace, incident.id);
  if (!found) throw error(Code::notFound, "incident {} does not exist", incident.id);
  return *std::move(found);
}

void requireOpen(const Incident& incident) {
  if (incident.status == IncidentStatus::open) return;
  throw error(Code::invalidState, "incident {} was {} by {} on {}", incident.id, statusName(incident.status),
              incident.closedBy, formatTime(incident.closedAt));
}

json::object entryData(const Incident& incident) {
  return {{"asset", incident.key.subject()}, {"version", incident.number}, {"version_digest", incident.versionDigest}};
}

void requireUnserved(db::Transaction& transaction, const registry::Version& version) {
  for (const registry::Pointer& pointer : registry::pointersTo(transaction, version))
    if (pointer != registry::Pointer::stage("Archived"))
      throw error(Code::refused,
                  "{} is still on '{}': roll that back before you close its incident, or move it to another version",
                  version.subject(), pointer);
}

void archive(registry::Change& change, const Incident& incident, const registry::Version& version) {
  if (version.isArchived()) return;
  try {
    registry::archiveVersion(change, version, registry::ClearanceIssuer::archive());
    addNote(change, incident, "archive", fmt::format("archived {}", version.subject()));
  } catch (const Error& fault) {  // a legal hold, or prompts that include it: the quarantine holds without
    if (fault.code != Code::refused) throw;
    addNote(change, incident, "problem", fault.message);
  }
}

}  // namespace

std::string_view statusName(IncidentStatus status) { return incidentStatusNames[static_cast<std::size_t>(status)]; }

std::optional<IncidentStatus> parseIncidentStatus(std::string_view name) {
  auto found = std::ranges::find(incidentStatusNames, name);
  if (found == std::end(incidentStatusNames)) return std::nullopt;
  return static_cast<IncidentStatus>(found - std::begin(incidentStatusNames));
}

void requireInvestigator(const access::Identity& identity, const registry::AssetKey& key) {
  if (key.kind == registry::Kind::policy)
    throw Invalid("kind", "must be prompt, model, dataset or artifact: bind another version of a policy instead");
  if (!mayInvestigate(identity, key)) identity.require(access::Verb::write, key.workspace, key.name);
}

bool mayInvestigate(const access::Identity& identity, const registry::AssetKey& key) {
  return key.kind != registry::Kind::policy &&
         (identity.may(access::Verb::write, key.workspace, key.name) ||
          identity.may(access::Verb::approve, key.workspace, key.name) ||
          std::ranges::count(identity.rolesOn(key.workspace, key.name), "auditor") > 0);
}

void requireMayClose(db::Transaction& transaction, const access::Identity& identity, const Incident& incident) {
  if (identity.local) return;  // a server without users has nobody else
  identity.require(access::Verb::approve, incident.key.workspace, incident.key.name);
  requirePerson(identity.actor);
  for (std::int64_t number : {incident.number, incident.mitigation}) {
    auto version = registry::findVersion(transaction, incident.key, number);
    if (version)
      requireNotAuthor(transaction, identity.actor, *version,
                       fmt::format("somebody else who may approve must close incident {}", incident.id));
  }
}

bool maySee(const access::Identity& identity, const Incident& incident) {
  if (incident.deleted) return identity.may(access::Verb::administer, incident.key.workspace, access::everyName);
  return identity.may(access::Verb::read, incident.key.workspace, incident.key.name);
}

Incident openIncident(registry::Change& change, const access::Identity& identity, const registry::Version& version,
                      std::string_view reason, const json::object& facts) {
  requireInvestigator(identity, version.asset.key);
  Incident incident;
  incident.reason = requiredText("reason", reason, incidentTextLength);
  if (auto same =
          change.transaction.query("SELECT id FROM incident WHERE version = $1 AND status = 'open'", {version.id});
      same.next())
    throw error(Code::exists, "incident {} about {} is open already; add a note to it", same.integer(0),
                version.subject());
  incident.key = version.asset.key;
  incident.asset = version.asset.id;
  incident.version = version.id;
  incident.number = version.number;
  incident.versionDigest = version.digest;
  incident.facts = canonicalJson(facts);
  incident.openedAt = change.now;
  incident.openedBy = change.actor.name;
  incident.id = change.transaction.insert(
      "INSERT INTO incident (workspace, kind, name, asset, version, number, version_digest, reason, facts, opened_at, "
      "opened_by, mitigation, status, closed_at, closed_by, conclusion, report) VALUES ($1, $2, $3, $4, $5, $6, $7, "
      "$8, "
      "$9, $10, $11, 0, 'open', 0, '', '', 0) RETURNING id",
      {incident.key.workspace, registry::kindName(incident.key.kind), incident.key.name, incident.asset,
       incident.version, incident.number, incident.versionDigest, incident.reason, incident.facts, incident.openedAt,
       incident.openedBy});
  json::object data = entryData(incident);
  data["reason"] = incident.reason;
  data["facts_digest"] = crypto::sha256Hex(incident.facts);
  change.record(registry::Action::incidentOpened, incident.key.workspace, incident.subject(), std::move(data));
  change.touch(incident.key.workspace, incident.key.subject());
  return incident;
}

IncidentNote addNote(registry::Change& change, const Incident& incident, std::string_view kind, std::string_view text) {
  IncidentNote note{0, std::string(kind), requiredText("text", text, incidentTextLength), change.now,
                    change.actor.name};
  auto count = change.transaction.query("SELECT COUNT(*) FROM incident_note WHERE incident = $1", {incident.id});
  if (count.next() && count.integer(0) >= notesOfIncident)
    throw error(Code::tooLarge, "incident {} has {} notes, which is the limit", incident.id, notesOfIncident);
  note.id = change.transaction.insert(
      "INSERT INTO incident_note (incident, kind, text, at, actor) VALUES ($1, $2, $3, $4, $5) RETURNING id",
      {incident.id, note.kind, note.text, note.at, note.actor});
  json::object data = entryData(incident);
  data["note"] = note.id;
  data["kind"] = note.kind;
  data["text"] = crypto::sha256Hex(note.text);
  change.record(registry::Action::incidentChanged, incident.key.workspace, incident.subject(), std::move(data));
  return note;
}

Incident setMitigation(registry::Change& change, const Incident& incident, const registry::Version& version) {
  Incident changed = present(change, incident);
  requireOpen(changed);
  if (version.asset.id != changed.asset)
    throw Invalid("version", fmt::format("must be a version of {}", changed.key.subject()));
  if (version.id == changed.version || version.digest == changed.versionDigest)
    throw Invalid("version", fmt::format("must have another content than {}", changed.about()));
  requireNoQuarantine(change.transaction, version);
  changed.mitigation = version.number;
  change.transaction.run("UPDATE incident SET mitigation = $2 WHERE id = $1", {changed.id, changed.mitigation});
  addNote(change, changed, "mitigation", fmt::format("{} replaces {}", version.subject(), changed.about()));
  return changed;
}

Incident closeIncident(registry::Change& change, const access::Identity& identity, const Incident& incident,
                       IncidentStatus status, std::string_view conclusion) {
  Incident changed = present(change, incident);
  requireOpen(changed);
  requireMayClose(change.transaction, identity, changed);
  changed.conclusion = requiredText("conclusion", conclusion, incidentTextLength);
  auto version = registry::findVersion(change.transaction, changed.key, changed.number);
  if (status == IncidentStatus::resolved && version) {
    requireUnserved(change.transaction, *version);
    archive(change, changed, *version);
  }
  changed.status = status;
  changed.closedAt = change.now;
  changed.closedBy = change.actor.name;
  change.transaction.run(
      "UPDATE incident SET status = $2, closed_at = $3, closed_by = $4, conclusion = $5 WHERE id = $1",
      {changed.id, statusName(status), changed.closedAt, changed.closedBy, changed.conclusion});
  json::object data = entryData(changed);
  data["status"] = statusName(status);
  data["conclusion"] = changed.conclusion;
  data["mitigation"] = changed.mitigation;
  change.record(registry::Action::incidentClosed, changed.key.workspace, changed.subject(), std::move(data));
  change.touch(changed.key.workspace, changed.key.subject());
  return changed;
}

Incident setReport(registry::Change& change, const Incident& incident, std::int64_t evidence) {
  Incident changed = present(change, incident);
  changed.report = evidence;
  change.transaction.run("UPDATE incident SET report = $2 WHERE id = $1", {changed.id, evidence});
  json::object data = entryData(changed);
  data["report"] = evidence;
  change.record(registry::Action::incidentChanged, changed.key.workspace, changed.subject(), std::move(data));
  return changed;
}

std::optional<Incident> findIncident(db::Transaction& transaction, std::string_view workspace, std::int64_t id) {
  db::Rows rows = transaction.query(fmt::format("{} WHERE i.workspace = $1 AND i.id = $2", select), {workspace, id});
  if (!rows.next()) return std::nullopt;
  return readIncident(rows);
}

std::vector<Incident> listIncidents(db::Transaction& transaction, std::string_view workspace,
                                    std::optional<IncidentStatus> status, std::int64_t asset, std::int64_t before,
                                    std::size_t limit) {
  std::int64_t below = before > 0 ? before : std::numeric_limits<std::int64_t>::max();
  return readAll(transaction.query(
      fmt::format("{} WHERE i.workspace = $1 AND i.id < $2 AND ($3 = '' OR i.status = $3) AND ($4 = 0 OR i.asset = $4) "
                  "ORDER BY i.id DESC LIMIT $5",
                  select),
      {workspace, below, status ? statusName(*status) : std::string_view(), asset, limit}));
}

std::vector<IncidentNote> notesOf(db::Transaction& transaction, const Incident& incident) {
  std::vector<IncidentNote> notes;
  db::Rows rows = transaction.query(
      "SELECT id, kind, text, at, actor FROM incident_note WHERE incident = $1 ORDER BY id", {incident.id});
  while (rows.next()) notes.push_back({rows.integer(0), rows.text(1), rows.text(2), rows.integer(3), rows.text(4)});
  return notes;
}

std::optional<Incident> incidentHolding(db::Transaction& transaction, const registry::Version& version) {
  db::Rows rows = transaction.query(
      fmt::format("{} WHERE i.asset = $1 AND (i.version = $2 OR i.version_digest = $3) AND i.status <> 'dismissed' "
                  "ORDER BY i.id DESC LIMIT 1",
                  select),
      {version.asset.id, version.id, version.digest});
  if (!rows.next()) return std::nullopt;
  return readIncident(rows);
}

}  // namespace regesta::governance

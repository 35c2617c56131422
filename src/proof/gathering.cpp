#include "proof/gathering.h"

#include "base/error.h"
#include "base/redact.h"
#include "base/time.h"
#include "governance/entry_access.h"
#include "record/record.h"
#include "registry/hold.h"
#include "registry/pointer.h"
#include "registry/rollout/rollout.h"
#include "registry/version_entries.h"
#include "tracking/seal.h"

namespace regesta::proof {
namespace {

using governance::Table;

void take(Gathering& g, std::int64_t id) {
  db::Rows rows = g.transaction.query(
      fmt::format("SELECT {} FROM ledger_entry WHERE id = $1 AND refused IS NULL", ledger::loggedColumns), {id});
  if (!rows.next()) return;
  if (rows.isNull(0)) {
    g.waiting = id;
    return;
  }
  ledger::Logged entry = ledger::readLogged(rows);
  auto body = governance::parseEntry(entry.body);
  if (!body) throw error(Code::corrupt, "ledger entry {} is not an object", entry.index);
  if (!governance::mayRead(g.identity, governance::scopeOf(g.transaction, *body))) {
    ++g.withheld["ledger entries"];
    return;
  }
  g.bodies.emplace(entry.index, *std::move(body));
  g.entries.emplace(entry.index, std::move(entry));
}

json::value timeOrNull(std::int64_t millis) { return millis == 0 ? json::value() : json::value(formatTime(millis)); }

json::array provenAliases(const Gathering& g) {
  json::array aliases;
  for (const std::string& alias : registry::aliasesOf(g.transaction, g.version)) {
    auto row = g.proven(Table::alias,
                        governance::rowKey(g.version.asset.key.workspace, g.version.asset.key.subject(), "#" + alias));
    if (row) aliases.push_back(json::value(alias));
  }
  return aliases;
}

bool isAbout(registry::Action action, std::string_view prefix) { return registry::nameOf(action).starts_with(prefix); }

json::object rolloutJson(const registry::Rollout& rollout) {
  return {{"rollout", rollout.id},
          {"alias", rollout.alias},
          {"stable", rollout.stable},
          {"plan", parseJson(registry::canonicalPlan(rollout.plan))},
          {"salt", rollout.salt},
          {"decision", rollout.decision},
          {"reason", rollout.reason},
          {"started_by", rollout.startedBy},
          {"started_at", formatTime(rollout.startedAt)},
          {"status", registry::statusName(rollout.status)},
          {"step", rollout.step},
          {"forced", rollout.forced},
          {"evidence", rollout.evidence},
          {"ended_by", rollout.endedBy},
          {"ended_at", timeOrNull(rollout.endedAt)},
          {"end_reason", rollout.endReason}};
}

}  // namespace

Gathering::Gathering(db::Transaction& theTransaction, const access::Identity& theIdentity, registry::Version theVersion)
    : transaction(theTransaction),
      identity(theIdentity),
      scope(theTransaction, theIdentity, theVersion.asset.key.workspace),
      version(std::move(theVersion)) {}

std::string Gathering::versionRow() const {
  return governance::rowKey(version.asset.key.workspace, version.asset.key.subject(),
                            fmt::format("@{}", version.number));
}

const governance::Row* Gathering::proven(Table table, const std::string& key) const {
  const governance::Rows& rows = replay.state()[table];
  auto found = rows.find(key);
  return found == rows.end() ? nullptr : &found->second;
}

json::object Gathering::said(std::int64_t entry) const {
  const json::object& body = bodies.at(entry);
  return {{"entry", entry}, {"time", memberText(body, "time")}, {"by", memberText(body, "actor")}};
}

void gather(Gathering& g) {
  gatherEntries(g);
  if (g.waiting != 0) return;
  gatherVersion(g);
  gatherHistory(g);
  gatherReview(g);
  gatherEvidence(g);
  gatherOrigin(g);
  gatherRecords(g);
  gatherBoms(g);
  gatherAccess(g);
}

void gatherEntries(Gathering& g) {
  const registry::AssetKey& key = g.version.asset.key;
  for (std::int64_t id : registry::entriesOfVersion(g.transaction, key, g.version.number)) take(g, id);
  auto takeAbout = [&](const std::string& subject) {
    for (std::int64_t id : registry::entriesAbout(g.transaction, key.workspace, subject)) take(g, id);
  };
  for (std::int64_t id : governance::requestsAbout(g.transaction, g.version.asset, g.version.number, false)) {
    g.requests.push_back(governance::getChangeRequest(g.transaction, id));
    takeAbout(g.requests.back().subject());
  }
  for (const registry::Hold& hold : registry::holdsOn(g.transaction, g.version))
    takeAbout(fmt::format("hold/{}", hold.id));
  for (const record::Share& share : record::batchesOf(g.transaction, g.version, batchesAtMost))
    takeAbout(share.batch.entrySubject());
  g.runId = g.version.runId;
  if (!g.runId.empty() && !g.scope.run(access::Verb::read, g.runId)) {
    ++g.withheld["runs"];
    g.runId.clear();
  }
  if (!g.runId.empty()) takeAbout("run/" + g.runId);
  for (const auto& [index, body] : g.bodies) g.replay.take(index, body);
}

void gatherVersion(Gathering& g) {
  const registry::Version& v = g.version;
  const registry::AssetKey& key = v.asset.key;
  if (!g.proven(Table::version, g.versionRow()))
    throw error(Code::invalidState,
                "the ledger has no entry of the registration of {}, so nothing about it can be proven", v.subject());
  json::array files;
  std::string sums;
  std::vector<registry::VersionFile> stored = registry::versionFiles(g.transaction, v);
  std::ranges::sort(stored, {}, &registry::VersionFile::path);
  for (const registry::VersionFile& file : stored) {
    files.push_back(json::object{{"path", file.path}, {"digest", file.digest}, {"size", file.size}});
    sums += fmt::format("{}  {}\n", file.digest, file.path);
  }
  if (!sums.empty()) g.documents["files.sha256"] = std::move(sums);
  if (!v.content.empty()) g.documents["content.json"] = v.content;
  json::object tags;
  for (const auto& [name, value] : v.tags) tags[name] = value;
  auto cited = tracking::citedRun(g.transaction, v);
  json::object about{{"workspace", key.workspace},
                     {"kind", registry::kindName(key.kind)},
                     {"name", key.name},
                     {"version", v.number},
                     {"semver", v.semver},
                     {"digest", v.digest},
                     {"description", v.description},
                     {"created_by", v.createdBy},
                     {"created_at", formatTime(v.createdAt)},
                     {"archived", v.isArchived()},
                     {"source", redactUrl(v.source)},
                     {"run", v.runId},
                     {"run_digest", cited ? cited->digest : ""},
                     {"logged_model", textOrNull(v.modelId)},
                     {"stage", v.stage},
                     {"aliases", provenAliases(g)},
                     {"tags", std::move(tags)},
                     {"files", std::move(files)}};
  json::array references;
  for (const registry::VersionReference& one : registry::versionReferences(g.transaction, v))
    references.push_back(json::object{
        {"path", one.path}, {"uri", one.uri}, {"digest", one.digest}, {"size", one.size}, {"about", one.about}});
  if (!references.empty()) about["references"] = std::move(references);
  g.put("version.json", std::move(about));
}

void gatherHistory(Gathering& g) {
  json::array history, pointers;
  for (const auto& [index, body] : g.bodies) {
    json::object item = g.said(index);
    item["action"] = body.at("action");
    item["subject"] = body.at("subject");
    item["data"] = body.contains("data") ? body.at("data") : json::object();
    auto action = registry::parseAction(memberText(body, "action"));
    bool moves = action && registry::infoOf(*action).subject == registry::SubjectKind::pointer;
    history.push_back(item);
    if (!moves || isAbout(*action, "rollout.") || isAbout(*action, "guard.")) continue;
    json::object move = item.at("data").as_object();
    for (const auto& [name, value] : g.said(index)) move[name] = value;
    move["action"] = body.at("action");
    pointers.push_back(std::move(move));
  }
  g.put("history.json", history);
  g.put("pointers.json", pointers);

  json::array rollouts;
  const registry::Asset& asset = g.version.asset;
  for (std::int64_t before = 0;;) {
    auto page = registry::listRollouts(g.transaction, asset, "", 1000, before);
    for (const registry::Rollout& rollout : page) {
      std::string row = governance::rowKey(asset.key.workspace, asset.key.subject(),
                                           fmt::format("#{} rollout {}", rollout.alias, rollout.id));
      if (g.proven(Table::rollout, row)) rollouts.push_back(rolloutJson(rollout));
    }
    if (page.size() < 1000) break;
    before = page.back().id;
  }
  g.put("rollouts.json", rollouts);
}

}  // namespace regesta::proof

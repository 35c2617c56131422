#include <algorithm>

#include "base/time.h"
#include "governance/decision_view.h"
#include "governance/evidence.h"
#include "governance/readable_lineage.h"
#include "proof/bom.h"
#include "proof/gathering.h"
#include "record/record.h"
#include "registry/access_log.h"
#include "registry/action.h"
#include "registry/hold.h"
#include "registry/lineage.h"
#include "tracking/run.h"
#include "tracking/seal.h"

namespace regesta::proof {
namespace {

using governance::Table;

bool mayReadBody(const Gathering& g, const governance::Evidence& evidence) {
  if (g.scope.everything(access::Verb::read)) return true;
  json::value body = parseJson(evidence.body);
  return !body.is_object() || governance::mayReadEvaluation(g.scope, body.get_object());
}

json::object evidenceJson(Gathering& g, const governance::Evidence& evidence, const governance::Row& row) {
  json::object item = g.said(row.entry);
  item["by"] = evidence.createdBy;
  item["evidence"] = evidence.id;
  item["type"] = evidence.type;
  item["verified"] = evidence.verified;
  item["origin"] = evidence.origin;
  item["job"] = evidence.job;
  item["digest"] = evidence.digest;
  item["version_digest"] = evidence.versionDigest;
  item["file"] = nullptr;
  item["summary"] = nullptr;
  if (!mayReadBody(g, evidence)) {
    ++g.withheld["bodies of evidence"];
    return item;
  }
  std::string file = fmt::format("evidence/{}.json", evidence.id);
  item["file"] = file;
  item["summary"] = parseJson(evidence.summary);
  g.documents[file] = evidence.body;
  return item;
}

json::object holdJson(const registry::Hold& hold) {
  return {{"hold", hold.id},
          {"workspace", hold.workspace},
          {"kind", hold.kind},
          {"name_pattern", hold.namePattern},
          {"asset", hold.asset},
          {"number", hold.number},
          {"reason", hold.reason},
          {"placed_by", hold.placedBy},
          {"placed_at", formatTime(hold.placedAt)},
          {"lifted_by", hold.liftedBy}};
}

}  // namespace

void gatherEvidence(Gathering& g) {
  const registry::AssetKey& key = g.version.asset.key;
  json::array list, holds;
  for (std::int64_t before = 0;;) {
    auto page = governance::listEvidence(g.transaction, key, g.version.number, 1000, before);
    for (const governance::Evidence& evidence : page)
      if (auto row = g.proven(Table::evidence, fmt::format("evidence/{}", evidence.id)))
        list.push_back(evidenceJson(g, evidence, *row));
    if (page.size() < 1000) break;
    before = page.back().id;
  }
  for (const registry::Hold& hold : registry::holdsOn(g.transaction, g.version))
    if (g.proven(Table::hold, fmt::format("hold/{}", hold.id))) holds.push_back(holdJson(hold));
  g.put("evidence.json", list);
  g.put("holds.json", holds);
}

void gatherOrigin(Gathering& g) {
  const std::string& workspace = g.version.asset.key.workspace;
  json::array edges;
  constexpr std::size_t edgesAtMost = 1000;
  for (const registry::Edge& edge :
       governance::readableEdges(g.scope, g.version.subject(),
                                 registry::lineage(g.transaction, workspace, g.version.subject(),
                                                   registry::Direction::both, 16, edgesAtMost)))
    edges.push_back(
        json::object{{"from", edge.from}, {"to", edge.to}, {"relation", edge.relation}, {"time", formatTime(edge.at)}});
  g.put("lineage.json", edges);

  auto run = g.runId.empty() ? std::nullopt : tracking::findRun(g.transaction, workspace, g.runId);
  if (!run) return;
  tracking::SealCheck seal = tracking::checkSeal(g.transaction, g.runId);
  g.documents["run/content.json"] =
      seal.content.empty() ? tracking::runContent(g.transaction, *run, tracking::historyDigest(g.transaction, *run))
                           : seal.content;
  g.documents["run/metrics.json"] = tracking::packMetrics(run->metrics);
  g.put("run/seal.json", json::object{{"run", g.runId},
                                      {"sealed", seal.sealed},
                                      {"changed_after_seal", seal.state == tracking::SealState::ahead}});
}

/// States only evidence that the gathered entries prove.
void gatherBoms(Gathering& g) {
  std::vector<governance::Evidence> evidence = governance::evidenceOn(g.transaction, g.version);
  std::erase_if(evidence, [&](const governance::Evidence& one) {
    return !g.proven(Table::evidence, fmt::format("evidence/{}", one.id));
  });
  Bom bom = gatherBom(g.transaction, g.scope, g.version, evidence, g.server, g.program);
  g.put(cycloneDxPath, cycloneDx(bom));
  g.put(spdxPath, spdx(bom));
}

void gatherAccess(Gathering& g) {
  constexpr std::size_t entriesAtMost = 1000;
  const registry::AssetKey& key = g.version.asset.key;
  if (!g.identity.may(access::Verb::administer, key.workspace, key.name) &&
      std::ranges::count(g.identity.rolesOn(key.workspace, key.name), "auditor") == 0) {
    ++g.withheld["access logs"];
    return;
  }
  json::array entries;
  for (const registry::AccessEntry& entry : registry::searchAccess(g.transaction, {.workspace = key.workspace,
                                                                                   .asset = g.version.asset.id,
                                                                                   .number = g.version.number,
                                                                                   .limit = entriesAtMost}))
    entries.push_back(json::object{{"at", formatTime(entry.at)},
                                   {"actor", entry.actor},
                                   {"front", entry.front},
                                   {"read", entry.action},
                                   {"name", entry.name},
                                   {"path", entry.path},
                                   {"bytes", entry.bytes}});
  registry::AccessLogRule rule = registry::accessLogRule(g.transaction, key.workspace);
  g.put("access.json",
        json::object{{"percent", rule.percent}, {"keep_days", rule.keepDays}, {"reads", std::move(entries)}});
}

void gatherRecords(Gathering& g) {
  std::map<std::string, std::int64_t, std::less<>> sealedBy;
  for (const auto& [index, body] : g.bodies)
    if (memberText(body, "action") == registry::nameOf(registry::Action::recordsSealed))
      sealedBy[memberText(body, "subject")] = index;
  json::array batches;
  for (const record::Share& share : record::batchesOf(g.transaction, g.version, batchesAtMost)) {
    auto entry = sealedBy.find(share.batch.entrySubject());
    if (entry == sealedBy.end()) continue;
    json::object item = g.said(entry->second);
    item["batch"] = share.batch.id;
    item["digest"] = share.batch.digest;
    item["records"] = share.batch.records;
    item["of_version"] = share.records;
    item["first_at"] = formatTime(share.batch.firstAt);
    item["last_at"] = formatTime(share.batch.lastAt);
    batches.push_back(std::move(item));
  }
  g.put("records.json", batches);
}

}  // namespace regesta::proof

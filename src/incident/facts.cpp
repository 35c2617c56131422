#include "incident/facts.h"

#include <algorithm>
#include <map>
#include <ranges>
#include <set>

#include "base/redact.h"
#include "base/time.h"
#include "governance/change_request.h"
#include "governance/decision.h"
#include "governance/evidence.h"
#include "governance/readable_lineage.h"
#include "incident/uses.h"
#include "registry/lineage.h"
#include "registry/pointer.h"
#include "registry/rollout/rollout.h"

namespace regesta::incident {
namespace {

using registry::Pointer;

constexpr std::size_t promotionsAtMost = 200, relatedAtMost = 200, originsAtMost = 50, edgesAtMost = 1000;
constexpr int depth = 16;

std::vector<Pointer> pointersOf(db::Transaction& transaction, const registry::Asset& asset) {
  std::vector<Pointer> pointers;
  for (const registry::Alias& alias : registry::listAliases(transaction, asset))
    pointers.push_back(Pointer::alias(alias.name));
  for (std::string_view stage : registry::stages)
    if (stage != "None" && stage != "Archived") pointers.push_back(Pointer::stage(stage));
  return pointers;
}

/// Policies, evidence and outcome of a decision.
void describeDecision(db::Transaction& transaction, const std::string& digest, json::object& promotion) {
  promotion["decision"] = digest;
  auto decision = digest.empty() ? std::nullopt : governance::findDecision(transaction, digest);
  if (!decision) return;
  promotion["result"] = governance::resultName(decision->result);
  json::value body = parseJson(decision->body);
  json::array policies, evidence;
  for (const json::value& evaluation : body.at("evaluations").as_array())
    policies.emplace_back(memberText(evaluation.as_object(), "policy"));
  // The inputs of several policies show the same version.
  for (const json::value& input : body.at("inputs").as_array()) {
    const json::value* candidate = input.as_object().if_contains("candidate");
    const json::value* list =
        candidate && candidate->is_object() ? candidate->as_object().if_contains("evidence") : nullptr;
    if (!list || !list->is_array()) continue;
    for (const json::value& one : list->as_array()) {
      const json::object& item = one.as_object();
      evidence.push_back(
          json::object{{"id", memberInteger(item, "id")},
                       {"type", memberText(item, "type")},
                       {"verified", item.contains("verified") && item.at("verified") == json::value(true)},
                       {"by", memberText(item, "by")}});
    }
    break;
  }
  promotion["policies"] = std::move(policies);
  promotion["evidence"] = std::move(evidence);
}

void describeApprovals(db::Transaction& transaction, const std::string& workspace, const std::string& digest,
                       json::object& promotion) {
  json::array approvals;
  auto request = digest.empty() ? std::nullopt : governance::findApplied(transaction, workspace, digest);
  if (request) {
    promotion["change_request"] = request->id;
    promotion["requested_by"] = request->requestedBy;
    for (const governance::Approval& approval : governance::approvalsOf(transaction, request->id)) {
      json::object item{{"by", approval.actor},
                        {"roles", json::array(approval.roles.begin(), approval.roles.end())},
                        {"at", formatTime(approval.at)}};
      if (!approval.onBehalfOf.empty()) item["on_behalf_of"] = approval.onBehalfOf;
      approvals.push_back(std::move(item));
    }
  }
  promotion["approvals"] = std::move(approvals);
}

json::object promotionOf(db::Transaction& transaction, const std::string& workspace, const Pointer& pointer,
                         const registry::Position& position) {
  json::object promotion{{"pointer", pointer.text()}, {"moved", true},         {"at", formatTime(position.at)},
                         {"by", position.actor},      {"from", position.from}, {"reason", redactText(position.reason)}};
  describeDecision(transaction, position.decision, promotion);
  describeApprovals(transaction, workspace, position.decision, promotion);
  return promotion;
}

json::array rolloutsWith(db::Transaction& transaction, const registry::Version& version) {
  json::array list;
  for (const registry::Rollout& rollout : registry::activeRollouts(transaction, version.asset))
    if (rollout.serves(version.number))
      list.push_back(json::object{{"rollout", rollout.id},
                                  {"alias", rollout.alias},
                                  {"status", registry::statusName(rollout.status)},
                                  {"stable", rollout.stable},
                                  {"share", static_cast<double>(rollout.share()) / 100},
                                  {"started_by", rollout.startedBy},
                                  {"started_at", formatTime(rollout.startedAt)}});
  return list;
}

/// "a version that shares dataset/loans@3": what is downstream of everything that the version was made from, and of it.
json::array relatedTo(db::Transaction& transaction, const registry::Version& version) {
  const std::string& workspace = version.asset.key.workspace;
  std::string self = version.subject();
  std::map<std::string, std::set<std::string>> shares;
  std::set<std::string> made;
  auto isVersion = [](std::string_view node) {
    std::size_t slash = node.find('/');
    return slash != std::string_view::npos && registry::parseKind(node.substr(0, slash)) &&
           node.find('@') != std::string_view::npos;
  };
  auto downstream = [&](const std::string& node) {
    return registry::lineage(transaction, workspace, node, registry::Direction::downstream, depth, edgesAtMost);
  };
  for (const registry::Edge& edge : downstream(self))
    if (isVersion(edge.to) && edge.to != self) made.insert(edge.to);
  std::set<std::string> origins;
  for (const registry::Edge& edge :
       registry::lineage(transaction, workspace, self, registry::Direction::upstream, depth, edgesAtMost))
    if (origins.size() < originsAtMost) origins.insert(edge.from);
  for (const std::string& origin : origins)
    for (const registry::Edge& edge : downstream(origin))
      if (isVersion(edge.to) && edge.to != self && !origins.contains(edge.to) && !made.contains(edge.to))
        shares[edge.to].insert(origin);
  json::array related;
  for (const std::string& node : made)
    if (related.size() < relatedAtMost)
      related.push_back(json::object{{"node", node}, {"relation", "made from it"}, {"shares", json::array()}});
  for (const auto& [node, common] : shares)
    if (related.size() < relatedAtMost)
      related.push_back(json::object{
          {"node", node}, {"relation", "shares an origin"}, {"shares", json::array(common.begin(), common.end())}});
  return related;
}

}  // namespace

json::array servingNow(db::Transaction& transaction, const registry::Version& version) {
  json::array list;
  for (const Pointer& pointer : registry::pointersTo(transaction, version)) {
    if (pointer == Pointer::stage("Archived")) continue;
    json::object serving{{"pointer", pointer.text()}, {"since", nullptr}, {"by", ""}, {"decision", ""}};
    for (const registry::Position& position : registry::pointerHistory(transaction, version.asset.key, pointer)) {
      if (position.to != version.number) continue;
      serving["since"] = formatTime(position.at);
      serving["by"] = position.actor;
      serving["decision"] = position.decision;
    }
    list.push_back(std::move(serving));
  }
  return list;
}

json::array promotionsOf(db::Transaction& transaction, const registry::Version& version) {
  const registry::AssetKey& key = version.asset.key;
  std::vector<std::pair<std::int64_t, json::object>> found;
  for (const Pointer& pointer : pointersOf(transaction, version.asset)) {
    for (const registry::Position& position : registry::pointerHistory(transaction, key, pointer))
      if (position.to == version.number && position.from != position.to)
        found.emplace_back(position.at, promotionOf(transaction, key.workspace, pointer, position));
    for (const registry::RefusedMove& move : registry::refusedMoves(transaction, key, pointer)) {
      if (move.to != version.number) continue;
      json::object refused{{"pointer", pointer.text()}, {"moved", false},    {"at", formatTime(move.at)},
                           {"by", move.actor},          {"from", move.from}, {"reason", redactText(move.reason)}};
      describeDecision(transaction, move.decision, refused);
      refused["approvals"] = json::array();
      found.emplace_back(move.at, std::move(refused));
    }
  }
  std::ranges::stable_sort(found, {}, [](const auto& one) { return one.first; });
  json::array list;
  std::size_t skipped = found.size() > promotionsAtMost ? found.size() - promotionsAtMost : 0;
  for (auto& [at, promotion] : found | std::views::drop(skipped)) list.push_back(std::move(promotion));
  return list;
}

json::array evidenceOf(db::Transaction& transaction, const registry::Version& version) {
  json::array list;
  for (const governance::Evidence& evidence : governance::evidenceOn(transaction, version))
    list.push_back(json::object{{"id", evidence.id},
                                {"type", evidence.type},
                                {"verified", evidence.verified},
                                {"origin", evidence.origin},
                                {"by", evidence.createdBy},
                                {"at", formatTime(evidence.createdAt)}});
  return list;
}

json::object collect(db::Transaction& transaction, const registry::Version& version) {
  json::object about{{"subject", version.subject()},
                     {"digest", version.digest},
                     {"semver", version.semver},
                     {"registered_by", version.createdBy},
                     {"registered_at", formatTime(version.createdAt)},
                     {"run", version.runId},
                     {"logged_model", version.modelId}};
  return {{"collected_at", formatTime(nowMillis())},
          {"version", std::move(about)},
          {"serving", servingNow(transaction, version)},
          {"rollouts", rolloutsWith(transaction, version)},
          {"promotions", promotionsOf(transaction, version)},
          {"evidence", evidenceOf(transaction, version)},
          {"used", usesOf(transaction, version)},
          {"related", relatedTo(transaction, version)}};
}

bool hideFacts(const governance::Scope& scope, json::object& facts) {
  bool hidden = false;
  json::object& about = facts.at("version").as_object();
  auto hide = [&](std::string_view name, std::string_view kind) {
    std::string id = memberText(about, name);
    if (id.empty() || scope.node(fmt::format("{}/{}", kind, id))) return;
    about[name] = "";
    hidden = true;
  };
  hide("run", "run");
  hide("logged_model", "logged-model");
  // Nobody may learn a name through what it shares.
  auto mayRead = [&](const json::value& node) { return scope.node(std::string(node.as_string())); };
  json::array shown;
  for (const json::value& one : facts.at("related").as_array()) {
    const json::object& item = one.as_object();
    if (mayRead(item.at("node")) && std::ranges::all_of(item.at("shares").as_array(), mayRead))
      shown.push_back(one);
    else
      hidden = true;
  }
  facts["related"] = std::move(shown);
  return hidden;
}

}  // namespace regesta::incident

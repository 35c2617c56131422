#include <set>

#include "base/time.h"
#include "governance/binding.h"
#include "governance/comment.h"
#include "governance/decision.h"
#include "governance/decision_view.h"
#include "proof/gathering.h"

namespace regesta::proof {
namespace {

using governance::ChangeRequest;
using governance::Table;

json::array approvalsOf(Gathering& g, const ChangeRequest& request) {
  json::array approvals;
  for (const governance::Approval& approval : governance::approvalsOf(g.transaction, request.id)) {
    auto row = g.proven(Table::approval, fmt::format("{} by {}", request.subject(), approval.actor));
    if (!row) continue;
    json::object item = g.said(row->entry);
    item["by"] = approval.actor;
    item["roles"] = json::array(approval.roles.begin(), approval.roles.end());
    item["comment"] = approval.comment;
    item["bound"] = approval.bound;
    item["decision"] = approval.decision;
    if (!approval.onBehalfOf.empty()) item["on_behalf_of"] = approval.onBehalfOf;
    approvals.push_back(std::move(item));
  }
  return approvals;
}

json::array commentsOf(Gathering& g, const ChangeRequest& request) {
  json::array comments;
  for (const governance::Comment& comment : governance::listComments(
           g.transaction, request.id, 0, static_cast<std::size_t>(governance::commentsOfRequest))) {
    auto row = g.proven(Table::comment, fmt::format("{} comment {}", request.subject(), comment.id));
    if (!row) continue;
    json::object item = g.said(row->entry);
    item["by"] = comment.actor;
    item["comment"] = comment.id;
    item["body"] = comment.body;
    item["place"] = comment.place;
    comments.push_back(std::move(item));
  }
  return comments;
}

json::object requestJson(Gathering& g, const ChangeRequest& request) {
  return {{"id", request.id},
          {"pointer", request.pointerSubject()},
          {"action", request.action},
          {"from", request.fromNumber},
          {"from_digest", request.fromDigest},
          {"to", request.toNumber},
          {"to_digest", request.toDigest},
          {"reason", request.reason},
          {"plan", request.plan.empty() ? json::value() : parseJson(request.plan)},
          {"asset", request.asset},
          {"requested_by", request.requestedBy},
          {"opened_at", formatTime(request.openedAt)},
          {"not_before", request.notBefore ? json::value(formatTime(request.notBefore)) : json::value()},
          {"change_set", request.changeSet},
          {"status", governance::statusName(request.status)},
          {"closed_by", request.closedBy},
          {"closed_at", request.closedAt ? json::value(formatTime(request.closedAt)) : json::value()},
          {"closed_reason", request.note},
          {"decision", request.decision},
          {"approvals", approvalsOf(g, request)},
          {"comments", commentsOf(g, request)}};
}

using Policies = std::map<std::string, json::object>;  ///< by subject

/// The policy that a decision names, if its version still exists.
std::optional<registry::Version> policyVersion(Gathering& g, const std::string& workspace, const std::string& subject) {
  try {
    return governance::policyOfDecision(g.transaction, workspace, subject);
  } catch (const Error& failure) {
    if (failure.code != Code::notFound) throw;
    return std::nullopt;
  }
}

/// The text of a policy as it was when it decided.
void takePolicy(Gathering& g, const std::string& workspace, const json::object& evaluation, Policies& policies) {
  std::string subject = memberText(evaluation, "policy"), digest = memberText(evaluation, "policy_digest");
  if (digest.empty() || policies.contains(subject)) return;
  json::object& item = policies[subject];
  item = {{"policy", subject}, {"digest", digest}, {"file", nullptr}};
  auto keep = [&](std::string file, std::string text) {
    g.documents[file] = std::move(text);
    item["file"] = std::move(file);
  };
  governance::BoundPolicy builtIn = governance::contentPolicy();
  if (subject == builtIn.subject) return keep("policies/" + builtIn.modules.front().name, builtIn.modules.front().text);
  auto version = policyVersion(g, workspace, subject);
  if (!version)
    ++g.withheld["deleted policies"];
  else if (!g.identity.may(access::Verb::read, version->asset.key.workspace, version->asset.key.name))
    ++g.withheld["policies"];
  else
    keep("policies/" + subject.substr(subject.find('/') + 1) + ".json", version->content);
}

json::object decisionJson(Gathering& g, const governance::Decision& decision, Policies& policies) {
  json::value body = parseJson(decision.body);
  for (const json::value& evaluation : body.at("evaluations").as_array())
    takePolicy(g, decision.key.workspace, evaluation.as_object(), policies);
  bool hidden = governance::hideInputs(g.scope, body.at("inputs").as_array());
  std::string file = fmt::format("decisions/{}{}.json", decision.digest, hidden ? ".redacted" : "");
  if (hidden) ++g.withheld["inputs of decisions"];
  g.documents[file] = hidden ? canonicalJson(body) : decision.body;
  return {{"digest", decision.digest}, {"file", file},
          {"redacted", hidden},        {"pointer", body.at("pointer")},
          {"time", body.at("time")},   {"result", body.at("result")}};
}

std::set<std::string> citedDecisions(const Gathering& g) {
  std::set<std::string> digests;
  for (const auto& [key, row] : g.replay.state()[Table::decision]) digests.insert(memberText(row.fields, "digest"));
  return digests;
}

}  // namespace

void gatherReview(Gathering& g) {
  json::array requests, decisions, listed;
  for (const ChangeRequest& request : g.requests)
    if (g.proven(Table::changeRequest, request.subject())) requests.push_back(requestJson(g, request));
  Policies policies;
  for (const std::string& digest : citedDecisions(g))
    if (auto decision = governance::findDecision(g.transaction, digest))
      decisions.push_back(decisionJson(g, *decision, policies));
  for (const auto& [subject, item] : policies) listed.push_back(item);
  g.put("change-requests.json", requests);
  g.put("decisions.json", decisions);
  g.put("policies.json", listed);
}

}  // namespace regesta::proof

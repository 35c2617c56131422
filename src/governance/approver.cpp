#include "governance/approver.h"

#include <algorithm>

#include "base/error.h"
#include "governance/decision.h"
#include "governance/grants.h"
#include "governance/requirement.h"

namespace regesta::governance {

namespace {

bool isApprovalRole(const std::string& role) { return role != "reader" && role != "contributor" && role != "auditor"; }

/// What the gate made of the request; empty while nothing is stored.
policy::Verdict verdictOf(db::Session& session, const ChangeRequest& request) {
  auto decision = findDecision(session, request.decision);
  return decision ? policy::readVerdict(parseJson(decision->body).as_object().at("verdict")) : policy::Verdict{};
}

std::vector<std::string> approvalRoles(const Identity& identity, const ChangeRequest& request) {
  std::vector<std::string> held = identity.rolesOn(request.key.workspace, request.key.name);
  std::erase_if(held, [](const std::string& one) { return !isApprovalRole(one); });
  return held;
}

/// What decides whose approval counts.
Facts factsOf(db::Session& session, const ChangeRequest& request) {
  Facts facts;
  facts.candidate = registry::findVersion(session, request.key, request.toNumber);
  facts.current = registry::findVersion(session, request.key, request.fromNumber);
  facts.open = request;
  return facts;
}

/// The verdict with nothing but the requirements that were unmet.
policy::Verdict missingOf(db::Session& session, const ChangeRequest& request) {
  auto decision = findDecision(session, request.decision);
  if (!decision) return {};
  json::value body = parseJson(decision->body);
  policy::Verdict verdict = policy::readVerdict(body.at("verdict"));
  auto state = body.at("requirements").as_array().begin(), end = body.at("requirements").as_array().end();
  std::erase_if(verdict.require, [&](const policy::Finding&) {
    if (state == end) return false;
    bool met = state->at("met").as_bool();
    ++state;
    return met;
  });
  return verdict;
}

}  // namespace

void requirePerson(const registry::Actor& actor) {
  if (actor.name.starts_with("token:"))
    throw error(Code::denied, "{} is no person, so it cannot approve; what machines find out is evidence", actor.name);
}

std::vector<std::string> rolesToApproveIn(db::Session& session, const Identity& identity, const ChangeRequest& request,
                                          std::string_view role) {
  if (!identity.may(Verb::approve, request.key.workspace, request.key.name)) {
    std::vector<std::string> asked = rolesAsked(verdictOf(session, request));
    throw missingRole(identity, asked.empty() ? "approver" : asked.front(), request.key.workspace, request.key.name);
  }
  std::vector<std::string> held = approvalRoles(identity, request);
  if (role.empty()) return held;
  if (std::ranges::find(held, role) == held.end())
    throw error(Code::denied, "{} does not hold the role '{}' on {}", identity.actor.name, role, request.key.subject());
  return {std::string(role)};
}

void requireCounted(db::Session& session, const ChangeRequest& request, const Approval& approval) {
  if (auto why = whyNotCounted(approval, verdictOf(session, request), factsOf(session, request)))
    throw Error(Code::denied, *why);
}

bool waitsFor(db::Session& session, const ChangeRequest& request, const Identity& identity) {
  if (!identity.may(Verb::approve, request.key.workspace, request.key.name)) return false;
  std::vector<Approval> given = approvalsOf(session, request.id);
  if (std::ranges::find(given, identity.actor.name, &Approval::actor) != given.end()) return false;
  Approval approval;
  approval.actor = identity.actor.name;
  approval.roles = approvalRoles(identity, request);
  return wouldCount(approval, missingOf(session, request), factsOf(session, request));
}

}  // namespace regesta::governance

#include "governance/approver.h"

#include <algorithm>

#include "access/grants.h"
#include "base/error.h"
#include "governance/decision.h"

namespace regesta::governance {

namespace {

bool isApprovalRole(const std::string& role) { return role != "reader" && role != "contributor" && role != "auditor"; }

/// What the gate made of the request; empty while nothing is stored.
policy::Verdict verdictOf(db::Transaction& transaction, const ChangeRequest& request) {
  auto decision = findDecision(transaction, request.decision);
  return decision ? policy::readVerdict(parseJson(decision->body).as_object().at("verdict")) : policy::Verdict{};
}

std::vector<std::string> approvalRoles(const access::Identity& identity, const ChangeRequest& request) {
  std::vector<std::string> held = identity.rolesOn(request.key.workspace, request.key.name);
  std::erase_if(held, [](const std::string& one) { return !isApprovalRole(one); });
  return held;
}

bool isAsked(const std::vector<std::string>& roles, const std::vector<std::string>& asked) {
  return std::ranges::find_first_of(roles, asked) != roles.end();
}

/// Without users, the one caller may do everything, but an approval is a second person's: what no policy asks for is
/// not recorded as one.
void requireAsked(const access::Identity& identity, const ChangeRequest& request, const std::vector<std::string>& roles,
                  const std::vector<std::string>& asked) {
  if (!identity.local || isAsked(roles, asked)) return;
  if (asked.empty())
    throw error(Code::denied, "change request {} needs no approval; its decision names what is missing", request.id);
  throw error(Code::denied,
              "change request {} needs an approval in the role '{}', which you do not hold. This server has no users: "
              "create one for yourself (regesta user create NAME), then one who has the role (regesta user create NAME "
              "--grant {})",
              request.id, asked.front(), asked.front());
}

/// What decides whose approval counts.
Facts factsOf(db::Transaction& transaction, const ChangeRequest& request) {
  Facts facts;
  facts.candidate = registry::findVersion(transaction, request.key, request.toNumber);
  facts.current = registry::findVersion(transaction, request.key, request.fromNumber);
  facts.authors = authorsIn(transaction, facts);
  facts.open = request;
  return facts;
}

/// The verdict with nothing but the requirements that were unmet.
policy::Verdict missingOf(db::Transaction& transaction, const ChangeRequest& request) {
  auto decision = findDecision(transaction, request.decision);
  if (!decision) return {};
  json::value body = parseJson(decision->body);
  policy::Verdict verdict = policy::readVerdict(body.at("verdict"));
  auto state = body.at("requirements").as_array().begin(), end = body.at("requirements").as_array().end();
  std::erase_if(verdict.require, [&](const policy::Violation&) {
    if (state == end) return false;
    bool met = state->at("met").as_bool();
    ++state;
    return met;
  });
  return verdict;
}

}  // namespace

bool hasLapsed(db::Transaction& transaction, const ChangeRequest& request, const Approval& approval) {
  if (approval.decision == request.decision) return false;
  auto decision = findDecision(transaction, request.decision);
  if (!decision) return false;
  json::value body = parseJson(decision->body);
  std::vector<const json::object*> inputs;
  for (const json::value& input : body.at("inputs").as_array()) inputs.push_back(&input.as_object());
  return !approvalCovers(transaction, approval.decision, inputs);
}

void requirePerson(const registry::Actor& actor) {
  if (!actor.isPerson())
    throw error(Code::denied, "{} is not a user: only users can approve; submit automated results as evidence",
                actor.name);
}

std::vector<std::string> rolesToApproveIn(db::Transaction& transaction, const access::Identity& identity,
                                          const ChangeRequest& request, std::string_view role) {
  if (!identity.may(access::Verb::approve, request.key.workspace, request.key.name)) {
    std::vector<std::string> asked = rolesAsked(verdictOf(transaction, request));
    throw access::missingRole(identity, asked.empty() ? "approver" : asked.front(), request.key.workspace,
                              request.key.name);
  }
  std::vector<std::string> held = approvalRoles(identity, request);
  requireAsked(identity, request, role.empty() ? held : std::vector{std::string(role)},
               rolesAsked(verdictOf(transaction, request)));
  if (role.empty()) return held;
  if (std::ranges::find(held, role) == held.end())
    throw error(Code::denied, "{} does not hold the role '{}' on {}", identity.actor.name, role, request.key.subject());
  return {std::string(role)};
}

void requireCounted(db::Transaction& transaction, const ChangeRequest& request, const Approval& approval) {
  if (auto why = whyNotCounted(approval, verdictOf(transaction, request), factsOf(transaction, request)))
    throw Error(Code::denied, *why);
}

ReviewRights reviewRights(db::Transaction& transaction, const ChangeRequest& request,
                          const access::Identity& identity) {
  ReviewRights rights;
  rights.mayApprove =
      identity.actor.isPerson() && identity.may(access::Verb::approve, request.key.workspace, request.key.name);
  if (!rights.mayApprove) return rights;
  Approval approval;
  approval.actor = identity.actor.name;
  approval.roles = rights.roles = approvalRoles(identity, request);
  policy::Verdict verdict = verdictOf(transaction, request);
  std::vector<std::string> asked = rolesAsked(verdict);
  rights.mayApprove = !identity.local || isAsked(approval.roles, asked);
  if (!rights.mayApprove) return rights;
  Facts facts = factsOf(transaction, request);
  rights.counts = wouldCount(approval, missingOf(transaction, request), facts);
  // If none of their roles is required, report what would apply in a required one.
  if (!isAsked(approval.roles, asked)) approval.roles = std::move(asked);
  rights.excluded = exclusionOf(approval, verdict, facts);
  return rights;
}

bool waitsFor(db::Transaction& transaction, const ChangeRequest& request, const access::Identity& identity) {
  if (!identity.may(access::Verb::approve, request.key.workspace, request.key.name)) return false;
  std::vector<Approval> given = approvalsOf(transaction, request.id);
  auto theirs = std::ranges::find(given, identity.actor.name, &Approval::actor);
  if (theirs != given.end() && !hasLapsed(transaction, request, *theirs)) return false;
  Approval approval;
  approval.actor = identity.actor.name;
  approval.roles = approvalRoles(identity, request);
  return wouldCount(approval, missingOf(transaction, request), factsOf(transaction, request));
}

}  // namespace regesta::governance

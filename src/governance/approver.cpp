#include "governance/approver.h"

#include <algorithm>

#include "access/grants.h"
#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "governance/decision.h"
#include "governance/delegate.h"
#include "registry/author.h"

namespace regesta::governance {

namespace {

/// What the gate made of the request; empty while nothing is stored.
policy::Verdict verdictOf(db::Transaction& transaction, const ChangeRequest& request) {
  auto decision = findDecision(transaction, request.decision);
  return decision ? policy::readVerdict(parseJson(decision->body).as_object().at("verdict")) : policy::Verdict{};
}

std::vector<std::string> approvalRoles(const access::Identity& identity, const ChangeRequest& request) {
  std::vector<std::string> held = identity.rolesOn(request.key.workspace, request.key.name);
  std::erase_if(held, [](const std::string& one) { return !access::isApprovalRole(one); });
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
  facts.approvals = approvalsOf(transaction, request.id);
  return facts;
}

/// Whether somebody behind the approval is behind one of the others.
bool isHeard(const std::vector<Approval>& others, const Approval& approval) {
  return std::ranges::any_of(others, [&](const Approval& other) { return other.sharesVoiceWith(approval); });
}

/// The approvals of the request that still count.
std::vector<Approval> standing(db::Transaction& transaction, const ChangeRequest& request) {
  std::vector<Approval> given = approvalsOf(transaction, request.id);
  std::erase_if(given, [&](const Approval& one) { return hasLapsed(transaction, request, one); });
  return given;
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

std::vector<std::string> rolesOnBehalf(db::Transaction& transaction, const access::Identity& identity,
                                       const ChangeRequest& request, std::string_view role,
                                       std::string_view onBehalfOf) {
  identity.require(access::Verb::read, request.key.workspace, request.key.name);
  for (const Represented& one : representedBy(transaction, identity.actor, request, nowMillis())) {
    if (one.actor != onBehalfOf) continue;
    if (role.empty()) return one.roles;
    if (std::ranges::find(one.roles, role) != one.roles.end()) return {std::string(role)};
  }
  throw error(Code::denied, "you are not a delegate of {} who may approve {}{} now", onBehalfOf, request.key.subject(),
              role.empty() ? "" : fmt::format(" in the role '{}'", role));
}

/// What an approval by this user, in these roles, would do.
ReviewRights rightsOf(db::Transaction& transaction, const ChangeRequest& request, Approval approval) {
  ReviewRights rights;
  rights.mayApprove = true;
  rights.roles = approval.roles;
  rights.onBehalfOf = approval.onBehalfOf;
  policy::Verdict verdict = verdictOf(transaction, request);
  Facts facts = factsOf(transaction, request);
  rights.counts = wouldCount(approval, missingOf(transaction, request), facts);
  // If none of their roles is required, report what would apply in a required one.
  std::vector<std::string> asked = rolesAsked(verdict);
  if (!isAsked(approval.roles, asked)) approval.roles = std::move(asked);
  rights.excluded = exclusionOf(approval, verdict, facts);
  return rights;
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

void requireNotAuthor(db::Transaction& transaction, const registry::Actor& actor, const registry::Version& version,
                      std::string_view demand) {
  if (registry::authorsOf(transaction, version).contains(actor.name))
    throw error(Code::denied, "you are an author of {}: {}", version.subject(), demand);
}

std::vector<std::string> rolesToApproveIn(db::Transaction& transaction, const access::Identity& identity,
                                          const ChangeRequest& request, std::string_view role,
                                          std::string_view onBehalfOf) {
  if (!onBehalfOf.empty()) return rolesOnBehalf(transaction, identity, request, role, onBehalfOf);
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

void requireOneVoice(db::Transaction& transaction, const ChangeRequest& request, const Approval& approval) {
  for (const Approval& other : standing(transaction, request)) {
    if (other.actor == approval.actor) continue;  // a second one by the same user: addApproval() says so
    if (!other.sharesVoiceWith(approval)) continue;
    throw error(Code::exists, "{}{} has already approved change request {}, which is the voice of both", other.actor,
                other.onBehalfOf.empty() ? "" : fmt::format(", on behalf of {},", other.onBehalfOf), request.id);
  }
}

ReviewRights reviewRights(db::Transaction& transaction, const ChangeRequest& request,
                          const access::Identity& identity) {
  ReviewRights rights;
  if (!identity.actor.isPerson() || !identity.may(access::Verb::approve, request.key.workspace, request.key.name))
    return rights;
  Approval approval;
  approval.actor = identity.actor.name;
  approval.roles = approvalRoles(identity, request);
  approval.at = nowMillis();
  if (identity.local && !isAsked(approval.roles, rolesAsked(verdictOf(transaction, request)))) {
    rights.roles = approval.roles;
    return rights;
  }
  return rightsOf(transaction, request, std::move(approval));
}

std::vector<ReviewRights> delegatedRights(db::Transaction& transaction, const ChangeRequest& request,
                                          const access::Identity& identity) {
  std::vector<ReviewRights> all;
  if (!identity.actor.isPerson() || !identity.may(access::Verb::read, request.key.workspace, request.key.name))
    return all;
  for (Represented& one : representedBy(transaction, identity.actor, request, nowMillis())) {
    Approval approval;
    approval.actor = identity.actor.name;
    approval.onBehalfOf = std::move(one.actor);
    approval.roles = std::move(one.roles);
    approval.at = nowMillis();
    bool heard = isHeard(standing(transaction, request), approval);
    all.push_back(rightsOf(transaction, request, std::move(approval)));
    all.back().counts = all.back().counts && !heard;
  }
  return all;
}

std::string impliedDelegator(db::Transaction& transaction, const ChangeRequest& request,
                             const access::Identity& identity, std::string_view role, bool rejects) {
  auto counts = [&](const ReviewRights& rights) {
    return rights.counts && (role.empty() || std::ranges::find(rights.roles, role) != rights.roles.end());
  };
  ReviewRights own = reviewRights(transaction, request, identity);
  if (rejects ? own.mayApprove : counts(own)) return {};
  std::vector<std::string> delegators;
  for (const ReviewRights& rights : delegatedRights(transaction, request, identity))
    if (rejects || counts(rights)) delegators.push_back(rights.onBehalfOf);
  if (delegators.size() > 1)
    throw error(Code::denied, "you are the delegate of {}: review on behalf of one of them in Regesta",
                join(delegators, " and "));
  return delegators.empty() ? std::string() : delegators.front();
}

bool waitsFor(db::Transaction& transaction, const ChangeRequest& request, const access::Identity& identity) {
  bool may = identity.may(access::Verb::approve, request.key.workspace, request.key.name);
  if (!may && representedBy(transaction, identity.actor, request, nowMillis()).empty()) return false;
  Approval own;
  own.actor = identity.actor.name;
  if (isHeard(standing(transaction, request), own)) return false;
  auto counts = [](const ReviewRights& rights) { return rights.counts; };
  if (may) {
    own.roles = approvalRoles(identity, request);
    own.at = nowMillis();
    if (wouldCount(own, missingOf(transaction, request), factsOf(transaction, request))) return true;
  }
  return std::ranges::any_of(delegatedRights(transaction, request, identity), counts);
}

}  // namespace regesta::governance

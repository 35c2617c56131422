#include "access/grants.h"
#include "base/error.h"
#include "base/log.h"
#include "base/time.h"
#include "governance/approver.h"
#include "governance/gate_attempt.h"
#include "governance/governor.h"
#include "governance/incident.h"
#include "governance/widening.h"
#include "registry/pointer.h"

namespace regesta::governance {

namespace {

// The gate carries out what others requested and approved; the entry of the request names them all.
const registry::Actor gateActor = registry::Actor::system("gate");

void requireOpen(const ChangeRequest& request) {
  if (request.status != RequestStatus::open)
    throw error(Code::invalidState, "change request {} is {}, not open{}", request.id, statusName(request.status),
                request.note.empty() ? "" : ": " + request.note);
}

/// An approval must be for the decision that the user saw.
void requireCurrentDecision(const ChangeRequest& request, std::string_view seen) {
  if (seen.empty() || seen == request.decision) return;
  throw error(
      Code::conflict,
      "change request {} has changed since you viewed it: the gate has decided again in the meantime (evidence, an "
      "approval or a policy was added). Review it again.",
      request.id);
}

/// True while pointer and versions are what the request says.
bool isFresh(db::Transaction& transaction, const ChangeRequest& request) {
  auto asset = registry::findAsset(transaction, request.key);
  if (asset && request.asset != 0 && asset->id != request.asset) return false;  // another asset of the same name
  if (auto widening = readWidening(request.plan)) {
    auto rollout = registry::findRollout(transaction, widening->rollout);
    if (!rollout || !rollout->active()) return false;
  }
  if (!asset || registry::holderOf(transaction, *asset, request.pointer) != request.fromNumber) return false;
  auto matches = [&](std::int64_t number, const std::string& digest) {
    if (number == 0) return true;
    auto version = registry::findVersion(transaction, request.key, number);
    return version && version->digest == digest;
  };
  return matches(request.fromNumber, request.fromDigest) && matches(request.toNumber, request.toDigest);
}

Question questionOf(const ChangeRequest& request) {
  return {request.key,
          request.pointer,
          request.toNumber,
          request.reason,
          request.action == "rollback",
          request.archiveOthers,
          0,
          request.plan,
          std::nullopt,
          {},
          std::nullopt,
          false,
          0,
          request.changeSet};
}

/// The part of versions and plan that has changed since the decision with this digest; empty: none.
std::string changedFrom(db::Transaction& transaction, const ChangeRequest& request, std::string_view decision) {
  std::int64_t now = nowMillis();
  Case present =
      collectCase(transaction, access::identityOf(transaction, request.requestedBy, now), questionOf(request), now);
  return changedSince(transaction, decision, present.inputs());
}

/// An approval that this person gave for what has changed since: it no longer counts, and another one may replace it.
bool mayReplace(db::Transaction& transaction, const ChangeRequest& request, const registry::Actor& actor) {
  std::vector<Approval> given = approvalsOf(transaction, request.id);
  auto theirs = std::ranges::find(given, actor.name, &Approval::actor);
  return theirs != given.end() && !changedFrom(transaction, request, theirs->decision).empty();
}

/// A move away from a version with an open incident, whose investigators need no right to move aliases.
bool isOfIncident(db::Transaction& transaction, const access::Identity& requester, const ChangeRequest& request) {
  if (!mayInvestigate(requester, request.key)) return false;
  auto flawed = registry::findVersion(transaction, request.key, request.fromNumber);
  auto incident = flawed ? incidentHolding(transaction, *flawed) : std::nullopt;
  return incident && incident->status == IncidentStatus::open;
}

bool mayStillMove(db::Transaction& transaction, const access::Identity& requester, const ChangeRequest& request) {
  bool policy = request.key.kind == registry::Kind::policy;
  bool may =
      requester.may(policy ? access::Verb::administer : access::Verb::write, request.key.workspace, request.key.name) &&
      (!policy || governsPolicy(transaction, requester, request.key));
  return may || isOfIncident(transaction, requester, request);
}

Gate::Outcome outcomeWithoutRequester(const ChangeRequest& request) {
  Gate::Outcome outcome;
  outcome.kind = Gate::Outcome::Kind::pending;
  outcome.isProtected = true;
  outcome.to = request.toNumber;
  outcome.changeRequest = request.id;
  outcome.verdict.error = fmt::format(
      "{}, who requested this, may no longer move it; a user who may must request it again", request.requestedBy);
  return outcome;
}

}  // namespace

Gate::Outcome Gate::runRequest(std::int64_t changeRequest) {
  // All requests of a change set have the same requester.
  struct Ready {
    ChangeRequest request;
    access::Identity requester;
    std::vector<ChangeRequest> set;
    bool mayStill = true;
  };
  Ready ready = store_.read([&](db::Transaction& transaction) {
    Ready found{getChangeRequest(transaction, changeRequest), {}, {}, true};
    if (found.request.status == RequestStatus::applied) return found;
    requireOpen(found.request);
    found.requester = access::identityOf(transaction, found.request.requestedBy, nowMillis());
    if (found.request.changeSet.empty())
      found.set = {found.request};
    else
      found.set = requestsOfSet(transaction, found.request.changeSet);
    found.mayStill = std::ranges::all_of(
        found.set, [&](const ChangeRequest& one) { return mayStillMove(transaction, found.requester, one); });
    return found;
  });
  if (ready.request.status == RequestStatus::applied) return appliedOutcome(ready.request);
  if (!ready.mayStill) return outcomeWithoutRequester(ready.request);
  if (!ready.request.changeSet.empty()) return runChangeSet(ready.request, ready.requester, ready.set);
  return run({std::move(ready.requester), questionOf(ready.request), gateActor, false, changeRequest});
}

Gate::Outcome Gate::runChangeSet(const ChangeRequest& asked, const access::Identity& requester,
                                 const std::vector<ChangeRequest>& set) {
  Together attempt{requester, {}, gateActor, {}};
  for (const ChangeRequest& one : set) {
    requireOpen(one);
    attempt.questions.push_back(questionOf(one));
    attempt.requests.push_back(one.id);
  }
  std::vector<Outcome> outcomes = runTogether(attempt);
  const auto place = std::ranges::find(attempt.requests, asked.id) - attempt.requests.begin();
  return outcomes[static_cast<std::size_t>(place)];
}

Gate::Outcome Gate::approve(std::int64_t changeRequest, const access::Identity& identity, std::string_view comment,
                            std::string_view role, std::string_view seen, const ReviewChannel* channel,
                            std::string_view onBehalfOf) {
  requirePerson(identity.actor);
  std::string changed;
  bool fresh = store_.change(identity.actor, [&](registry::Change& change) {
    if (channel) channel->claim(change);
    ChangeRequest request = getChangeRequest(change.transaction, changeRequest);
    std::vector<std::string> roles = rolesToApproveIn(change.transaction, identity, request, role, onBehalfOf);
    requireOpen(request);
    if (!isFresh(change.transaction, request)) {
      closeChangeRequest(change, request, RequestStatus::stale,
                         "the pointer or a version has changed since it was opened");
      return false;
    }
    // An approval is for what the newest decision shows; that must be what there is.
    changed = changedFrom(change.transaction, request, request.decision);
    if (!changed.empty()) return true;
    requireCurrentDecision(request, seen);
    Approval approval{request.id,      identity.actor.name, std::move(roles), std::string(comment),
                      request.bound(), request.decision,    change.now,       std::string(onBehalfOf)};
    requireOneVoice(change.transaction, request, approval);
    requireCounted(change.transaction, request, approval);
    addApproval(change, request, approval, mayReplace(change.transaction, request, identity.actor),
                channel ? channel->via : json::object());
    return true;
  });
  if (!fresh)
    throw error(
        Code::conflict,
        "change request {} is stale: the pointer or a version has changed since it was opened; ask for the move again",
        changeRequest);
  if (!changed.empty()) {
    runRequest(changeRequest);  // so that the next look shows what there is
    throw error(
        Code::conflict,
        "change request {} has changed since the gate decided about it: {} is another now. Your approval was not "
        "counted; review it again: regesta request show {}",
        changeRequest, changed, changeRequest);
  }
  return runRequest(changeRequest);
}

void Gate::reject(std::int64_t changeRequest, const access::Identity& identity, std::string_view comment,
                  std::string_view seen, const ReviewChannel* channel, std::string_view onBehalfOf) {
  store_.change(identity.actor, [&](registry::Change& change) {
    if (channel) channel->claim(change);
    ChangeRequest request = getChangeRequest(change.transaction, changeRequest);
    std::vector<std::string> roles = rolesToApproveIn(change.transaction, identity, request, "", onBehalfOf);
    requireOpen(request);
    requireCurrentDecision(request, seen);
    json::object data{{"roles", json::array(roles.begin(), roles.end())}};
    if (!onBehalfOf.empty()) data["on_behalf_of"] = onBehalfOf;
    if (channel) data["via"] = channel->via;
    closeChangeRequest(change, request, RequestStatus::rejected, comment, std::move(data));
  });
}

void Gate::withdraw(std::int64_t changeRequest, const access::Identity& identity, std::string_view comment) {
  store_.change(identity.actor, [&](registry::Change& change) {
    ChangeRequest request = getChangeRequest(change.transaction, changeRequest);
    if (request.requestedBy != identity.actor.name)
      identity.require(access::Verb::administer, request.key.workspace, request.key.name);
    requireOpen(request);
    closeChangeRequest(change, request, RequestStatus::withdrawn, comment);
  });
}

Gate::Outcome Gate::retry(std::int64_t changeRequest, const access::Identity& identity) {
  ChangeRequest request =
      store_.read([&](db::Transaction& transaction) { return getChangeRequest(transaction, changeRequest); });
  if (!identity.may(access::Verb::approve, request.key.workspace, request.key.name))
    identity.require(access::Verb::write, request.key.workspace, request.key.name);
  requireOpen(request);
  return runRequest(changeRequest);
}

std::vector<std::int64_t> Gate::reconsider(const registry::AssetKey& key, std::int64_t number) {
  std::vector<ChangeRequest> open = store_.read([&](db::Transaction& transaction) {
    return listChangeRequests(transaction, {key.workspace, std::string(statusName(RequestStatus::open)),
                                            std::string(registry::kindName(key.kind)), key.name, 0, 100});
  });
  std::vector<std::int64_t> done;
  for (const ChangeRequest& request : open) {
    if (request.toNumber != number) continue;
    try {
      if (runRequest(request.id).kind == Outcome::Kind::moved) done.push_back(request.id);
    } catch (const Error& error) {
      // The author of the evidence did not request this move: the outcome is shown on the request.
      log(LogLevel::info, "a change request could not be carried out",
          {{"change_request", request.id}, {"error", error.message}});
    }
  }
  return done;
}

void Gate::carryOut(std::int64_t changeRequest) try { runRequest(changeRequest); } catch (const Error& error) {
  log(LogLevel::info, "a scheduled change request could not be carried out",
      {{"change_request", changeRequest}, {"error", error.message}});
}

}  // namespace regesta::governance

#include "base/error.h"
#include "base/log.h"
#include "base/time.h"
#include "governance/approver.h"
#include "governance/gate_attempt.h"
#include "governance/grants.h"
#include "registry/pointer.h"

namespace regesta::governance {

namespace {

// The gate itself carries out what others asked for and approved; the entry of the request names them all.
const registry::Actor gateActor{"system:gate"};

void requireOpen(const ChangeRequest& request) {
  if (request.status != "open")
    throw error(Code::invalidState, "change request {} is {}, not open{}", request.id, request.status,
                request.note.empty() ? "" : ": " + request.note);
}

/// An answer to something other than what the person looked at is no answer.
void requireSeen(const ChangeRequest& request, std::string_view seen) {
  if (seen.empty() || seen == request.decision) return;
  throw error(Code::conflict,
              "change request {} has changed since you looked at it: the gate has decided anew meanwhile (evidence, an "
              "approval or a policy came). Look again before you answer.",
              request.id);
}

/// True while pointer and versions are what the request says.
bool isFresh(db::Session& session, const ChangeRequest& request) {
  auto asset = registry::findAsset(session, request.key);
  if (!asset || registry::holderOf(session, *asset, request.pointer) != request.fromNumber) return false;
  auto matches = [&](std::int64_t number, const std::string& digest) {
    if (number == 0) return true;
    auto version = registry::findVersion(session, request.key, number);
    return version && version->digest == digest;
  };
  return matches(request.fromNumber, request.fromDigest) && matches(request.toNumber, request.toDigest);
}

}  // namespace

Gate::Outcome Gate::runRequest(std::int64_t changeRequest) {
  struct Ready {
    Attempt attempt;
    bool mayStill = false;
    std::optional<Outcome> applied;
  };
  Ready ready = store_.read([&](db::Session& session) {
    ChangeRequest request = getChangeRequest(session, changeRequest);
    if (request.status == "applied") return Ready{{}, true, appliedOutcome(request)};
    requireOpen(request);
    Identity requester = identityOf(session, request.requestedBy, nowMillis());
    Verb verb = request.key.kind == registry::Kind::policy ? Verb::administer : Verb::write;
    bool mayStill = requester.may(verb, request.key.workspace, request.key.name);
    Question question{request.key,
                      request.pointer,
                      request.toNumber,
                      request.reason,
                      request.action == "rollback",
                      request.archiveOthers,
                      0,
                      request.plan};
    return Ready{{std::move(requester), std::move(question), gateActor, false, changeRequest}, mayStill, std::nullopt};
  });
  if (ready.applied) return *ready.applied;
  if (ready.mayStill) return run(ready.attempt);
  Outcome outcome;
  outcome.kind = Outcome::Kind::pending;
  outcome.isProtected = true;
  outcome.to = ready.attempt.question.to;
  outcome.changeRequest = changeRequest;
  outcome.verdict.error = fmt::format("{}, who asked for this, may no longer move it; somebody who may must ask anew",
                                      ready.attempt.identity.actor.name);
  return outcome;
}

Gate::Outcome Gate::approve(std::int64_t changeRequest, const Identity& identity, std::string_view comment,
                            std::string_view role, std::string_view seen) {
  requirePerson(identity.actor);
  bool fresh = store_.change(identity.actor, [&](registry::Change& change) {
    ChangeRequest request = getChangeRequest(change.session, changeRequest);
    std::vector<std::string> roles = rolesToApproveIn(change.session, identity, request, role);
    requireOpen(request);
    if (!isFresh(change.session, request)) {
      closeChangeRequest(change, request, "stale", "the pointer or a version has changed since it was opened");
      return false;
    }
    requireSeen(request, seen);
    Approval approval{request.id,      identity.actor.name, std::move(roles), std::string(comment),
                      request.bound(), request.decision,    change.now};
    requireCounted(change.session, request, approval);
    addApproval(change, request, approval);
    return true;
  });
  if (!fresh)
    throw error(
        Code::conflict,
        "change request {} is stale: the pointer or a version has changed since it was opened; ask for the move again",
        changeRequest);
  return runRequest(changeRequest);
}

void Gate::reject(std::int64_t changeRequest, const Identity& identity, std::string_view comment,
                  std::string_view seen) {
  store_.change(identity.actor, [&](registry::Change& change) {
    ChangeRequest request = getChangeRequest(change.session, changeRequest);
    std::vector<std::string> roles = rolesToApproveIn(change.session, identity, request, "");
    requireOpen(request);
    requireSeen(request, seen);
    closeChangeRequest(change, request, "rejected", comment, {{"roles", json::array(roles.begin(), roles.end())}});
  });
}

void Gate::withdraw(std::int64_t changeRequest, const Identity& identity, std::string_view comment) {
  store_.change(identity.actor, [&](registry::Change& change) {
    ChangeRequest request = getChangeRequest(change.session, changeRequest);
    if (request.requestedBy != identity.actor.name)
      identity.require(Verb::administer, request.key.workspace, request.key.name);
    requireOpen(request);
    closeChangeRequest(change, request, "withdrawn", comment);
  });
}

Gate::Outcome Gate::retry(std::int64_t changeRequest, const Identity& identity) {
  ChangeRequest request = store_.read([&](db::Session& session) { return getChangeRequest(session, changeRequest); });
  if (!identity.may(Verb::approve, request.key.workspace, request.key.name))
    identity.require(Verb::write, request.key.workspace, request.key.name);
  requireOpen(request);
  return runRequest(changeRequest);
}

std::vector<std::int64_t> Gate::reconsider(const registry::AssetKey& key, std::int64_t number) {
  std::vector<ChangeRequest> open = store_.read([&](db::Session& session) {
    return listChangeRequests(session,
                              {key.workspace, "open", std::string(registry::kindName(key.kind)), key.name, 0, 100});
  });
  std::vector<std::int64_t> done;
  for (const ChangeRequest& request : open) {
    if (request.toNumber != number) continue;
    try {
      if (runRequest(request.id).kind == Outcome::Kind::moved) done.push_back(request.id);
    } catch (const Error& error) {
      // Whoever brought the evidence did not ask for this move: what became of it is for the request to tell.
      log(LogLevel::info, "a change request could not be carried out",
          {{"change_request", request.id}, {"error", error.message}});
    }
  }
  return done;
}

}  // namespace regesta::governance

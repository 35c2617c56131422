#include "governance/gate.h"

#include "base/error.h"
#include "base/redact.h"
#include "base/text.h"
#include "base/time.h"
#include "governance/break_glass.h"
#include "governance/gate_attempt.h"
#include "governance/governor.h"
#include "governance/quarantine.h"
#include "governance/widening.h"
#include "policy/remote_opa.h"
#include "registry/clearance.h"
#include "registry/clearance_issuer.h"
#include "registry/pointer.h"
#include "registry/rollout/rollout.h"

namespace regesta::governance {

namespace {

using Outcome = Gate::Outcome;

void checkPlan(const Gate::Move& move, const Question& question) {
  if (question.pointer.isStage()) throw Invalid("alias", "is what a rollout moves, not a stage");
  if (move.rollout->arms.empty() || move.rollout->arms.front().version != move.to)
    throw Invalid("arms", "must begin with the version that the rollout is about");
}

}  // namespace

Question questionOf(const Gate::Move& move) {
  Question question{move.key,
                    registry::parsePointer(move.pointer.text()),
                    move.to,
                    move.reason,
                    move.rollback,
                    move.archiveOthers,
                    0,
                    move.rollout ? registry::canonicalPlan(*move.rollout) : ""};
  question.from = move.from;
  question.breakGlass = move.breakGlass;
  question.notBefore = move.notBefore;
  if (move.rollout) checkPlan(move, question);
  if (move.to < 0) throw Invalid("version", "must be at least 1");
  if (question.pointer.isStage() && move.to == 0)
    throw Invalid("version", "is required: a version is moved to a stage");
  if (!question.pointer.isStage()) question.archiveOthers = false;
  if (question.reason.size() > 4000 || !isUtf8(question.reason))
    throw Invalid("reason", "must be UTF-8 of at most 4000 bytes");
  return question;
}

bool isAtTarget(const Case& about) {
  const Question& question = about.question;
  if (!question.plan.empty()) return false;
  if (!question.pointer.isStage()) return about.move.from == question.to;
  return !question.archiveOthers && about.move.candidate->stage == question.pointer.name();
}

Outcome outcomeOf(const Case& about, Outcome::Kind kind) {
  Outcome outcome;
  outcome.kind = kind;
  outcome.from = about.move.from;
  outcome.to = about.question.to;
  outcome.isProtected = about.guarded();
  return outcome;
}

bool isUnchanged(const Case& before, const Case& now) {
  return before.guarded() == now.guarded() && before.digest() == now.digest() && before.move.from == now.move.from &&
         isAtTarget(before) == isAtTarget(now);
}

void requireProtectedIfScheduled(const Case& about) {
  if (about.guarded() || about.question.notBefore == 0) return;
  throw Invalid("not_before",
                fmt::format("is for protected pointers: no policy is bound to '{}'", about.question.pointer));
}

void requireFrom(const Case& about) {
  const Question& question = about.question;
  if (!question.from || *question.from == about.move.from) return;
  throw error(Code::conflict, "{}#{} points to {}, not to {} as you saw; read it again before you move it",
              question.key.subject(), question.pointer, about.move.from, *question.from);
}

namespace {

json::array codesOf(const policy::Verdict& verdict) {
  json::array codes;
  for (const policy::Violation& violation : verdict.deny)
    if (codes.size() < 50) codes.emplace_back(shorten(violation.code.empty() ? violation.msg : violation.code, 100));
  if (!verdict.error.empty()) codes.emplace_back("policy-error");
  return codes;
}

void recordPending(registry::Change& change, const Case& about, const GateCheck& check, Outcome& outcome) {
  const auto& open = about.move.open;
  if (open) {
    auto known = findDecision(change.transaction, open->decision);
    bool due = open->notBefore != 0 && known && known->at < open->notBefore && check.decision.at >= open->notBefore;
    if (known && !due && known->facts == check.decision.facts && known->result == DecisionResult::pending) {
      outcome.decision = known->digest;  // asked again, nothing new
      return;
    }
  }
  storeDecision(change, check.decision);
  if (open) {
    noteDecision(change, *open, check.decision.digest);
  } else {
    ChangeRequest request = about.move.request(about.question);
    request.decision = check.decision.digest;
    outcome.changeRequest = openChangeRequest(change, std::move(request)).id;
  }
  outcome.entryId = change.lastEntry();
}

}  // namespace

void fillRemediations(Outcome& outcome, const Question& question) {
  auto fill = [&](std::string& remediation) {
    remediation = fillRemediation(std::move(remediation), question.key, question.to, outcome.changeRequest);
  };
  for (auto* violations : {&outcome.verdict.deny, &outcome.verdict.warn})
    for (policy::Violation& violation : *violations) fill(violation.remediation);
  for (Requirement& requirement : outcome.requirements) {
    if (requirement.remediation.empty()) requirement.remediation = requirement.hint;
    fill(requirement.remediation);
  }
}

namespace {

void closeApplied(registry::Change& change, const Case& about, const GateCheck& check) {
  const auto& open = about.move.open;
  if (!open) return;
  json::array approvals;
  for (const Approval& approval : about.move.approvals)
    approvals.push_back(
        json::object{{"by", approval.actor}, {"roles", json::array(approval.roles.begin(), approval.roles.end())}});
  noteDecision(change, *open, check.decision.digest);
  closeChangeRequest(change, *open, RequestStatus::applied, "",
                     {{"decision", check.decision.digest}, {"approvals", std::move(approvals)}});
}

Outcome::Kind kindOf(DecisionResult result) {
  switch (result) {
    case DecisionResult::allowed:
      return Outcome::Kind::moved;
    case DecisionResult::pending:
      return Outcome::Kind::pending;
    case DecisionResult::refused:
      break;
  }
  return Outcome::Kind::refused;
}

/// Of the rollouts that a question is about, the one that ends with its alias moved.
bool completes(const Question& question) {
  auto widening = readWidening(question.plan);
  return widening && widening->act == Gate::Widening::Act::complete;
}

}  // namespace

Outcome outcomeOf(const Case& about, const GateCheck& check) {
  Outcome outcome = outcomeOf(about, kindOf(check.decision.result));
  outcome.verdict = check.verdict;
  outcome.requirements = check.requirements;
  outcome.waived = check.waived;
  outcome.decision = check.decision.digest;
  if (about.move.open) outcome.changeRequest = about.move.open->id;
  return outcome;
}

void recordRefusal(registry::Change& change, const Case& about, const GateCheck& check, Outcome& outcome) {
  const Question& question = about.question;
  storeDecision(change, check.decision);
  change.record(refusedAction(question.pointer), question.key.workspace, question.key.subject(question.pointer),
                {{"pointer", question.pointer.text()},
                 {"from", about.move.from},
                 {"to", question.to},
                 {"decision", check.decision.digest},
                 {"reason", redactText(question.reason)},
                 {"codes", codesOf(check.verdict)}});
  outcome.entryId = change.lastEntry();
  if (about.move.open) noteDecision(change, *about.move.open, check.decision.digest);
}

Outcome appliedOutcome(const ChangeRequest& request) {
  Outcome outcome;
  outcome.kind = Outcome::Kind::moved;
  outcome.from = request.fromNumber;
  outcome.to = request.toNumber;
  outcome.decision = request.decision;
  outcome.changeRequest = request.id;
  outcome.isProtected = true;
  return outcome;
}

registry::Action refusedAction(const registry::Pointer& pointer) {
  return pointer.isStage() ? registry::Action::stageMoveRefused : registry::Action::aliasMoveRefused;
}

Gate::Gate(registry::Store& store, policy::Engine& engine, Options options)
    : store_(store), engine_(engine), options_(std::move(options)) {}
Gate::~Gate() = default;

void Gate::requireMovePermission(const access::Identity& identity, const registry::AssetKey& key) {
  // Policies guard everything else: who moves their pointers could open any gate.
  bool policy = key.kind == registry::Kind::policy;
  identity.require(policy ? access::Verb::administer : access::Verb::write, key.workspace, key.name);
  if (policy) store_.read([&](db::Transaction& transaction) { requirePolicyGovernor(transaction, identity, key); });
}

void Gate::apply(registry::Change& change, const Attempt& attempt, Outcome& outcome) {
  const Question& question = attempt.question;
  registry::Clearance clearance =
      registry::ClearanceIssuer::move(question.pointer, outcome.from, question.to, outcome.decision, question.reason);
  registry::Asset asset = registry::getAsset(change.transaction, question.key);
  if (auto widening = readWidening(question.plan)) {
    Widened widened = findWidened(change.transaction, asset, *widening);
    applyWidening(change, widened.rollout, *widening, widened.version, question.reason, outcome.decision);
    outcome.rollout = widened.rollout.id;
  } else if (!question.plan.empty()) {
    outcome.rollout =
        registry::startRollout(change, asset, registry::parsePlan(question.plan), clearance, question.reason).id;
  } else if (question.pointer.isStage()) {
    registry::Version version = registry::getVersion(change.transaction, question.key, question.to);
    registry::moveStage(change, version, clearance, question.archiveOthers);
  } else {
    registry::moveAlias(change, asset, clearance);
  }
  outcome.entryId = change.lastEntry();
}

void requireNoQuarantine(db::Transaction& transaction, const Question& question) {
  auto require = [&](std::int64_t number) {
    if (auto version = registry::findVersion(transaction, question.key, number))
      governance::requireNoQuarantine(transaction, *version);
  };
  if (question.to != 0) require(question.to);
  if (question.plan.empty() || readWidening(question.plan)) return;
  for (const registry::RolloutArm& arm : registry::parsePlan(question.plan).arms) require(arm.version);
}

void Gate::settle(registry::Change& change, const Attempt& attempt, const Case& about, const GateCheck& check,
                  Outcome& outcome) {
  const Question& question = attempt.question;
  if (about.move.open) outcome.changeRequest = about.move.open->id;
  if (outcome.kind == Outcome::Kind::refused) return recordRefusal(change, about, check, outcome);
  if (outcome.kind == Outcome::Kind::pending) return recordPending(change, about, check, outcome);
  if (about.guarded()) storeDecision(change, check.decision);
  if (check.brokeGlass) outcome.breakGlass = openReview(change, about, check);
  apply(change, attempt, outcome);
  closeApplied(change, about, check);
  bool moved = outcome.rollout == 0 || completes(question);
  if (moved) closeStale(change, question.key, question.pointer, outcome.changeRequest);
  if (about.leaving)
    closeStale(change, question.key, registry::Pointer::stage(about.move.candidate->stage), outcome.changeRequest);
}

std::optional<Outcome> Gate::tryOnce(const Attempt& attempt) {
  const Question& question = attempt.question;
  std::int64_t now = nowMillis();
  Case about = store_.read([&](db::Transaction& transaction) {
    if (!question.tried) requireNoQuarantine(transaction, question);
    return collectCase(transaction, attempt.identity, question, now);
  });
  if (attempt.changeRequest != 0 && (!about.move.open || about.move.open->id != attempt.changeRequest))
    return outcomeOfClosed(attempt.changeRequest);
  requireFrom(about);
  if (isAtTarget(about) && !question.tried) return outcomeOf(about, Outcome::Kind::unchanged);

  GateCheck check;
  if (about.guarded()) check = checkGate(engine_, options_.opa, about, now);
  if (about.guarded() && question.breakGlass) breakGlass(check, attempt.identity, question);
  requireProtectedIfScheduled(about);
  Outcome outcome = about.guarded() ? outcomeOf(about, check) : outcomeOf(about, Outcome::Kind::moved);
  if (attempt.dry) return outcome;
  REGESTA_INVARIANT(!question.tried);

  return store_.change(attempt.actor, [&](registry::Change& change) -> std::optional<Outcome> {
    // The decision was made outside the transaction; it holds only while everything it rested on is still so.
    requireNoQuarantine(change.transaction, question);
    // At the time of the move: what has expired since the check no longer counts.
    Case again = collectCase(change.transaction, attempt.identity, question, std::max(now, change.now));
    if (!isUnchanged(about, again)) return std::nullopt;
    if (attempt.changeRequest != 0 && (!again.move.open || again.move.open->id != attempt.changeRequest))
      return std::nullopt;
    Outcome result = outcome;
    settle(change, attempt, again, check, result);
    return result;
  });
}

Outcome Gate::outcomeOfClosed(std::int64_t changeRequest) {
  ChangeRequest request =
      store_.read([&](db::Transaction& transaction) { return getChangeRequest(transaction, changeRequest); });
  if (request.status == RequestStatus::applied) return appliedOutcome(request);
  throw error(Code::conflict, "change request {} is stale: the pointer, a digest or the request has changed",
              changeRequest);
}

Outcome Gate::run(const Attempt& attempt) {
  for (int i = 0; i < options_.attempts; ++i)
    if (auto outcome = tryOnce(attempt)) {
      fillRemediations(*outcome, attempt.question);
      return *std::move(outcome);
    }
  throw error(Code::conflict, "{}#{} or facts of its policies keep changing; try again", attempt.question.key.subject(),
              attempt.question.pointer);
}

Outcome Gate::move(const access::Identity& identity, const Move& move) {
  Question question = questionOf(move);
  requireMovePermission(identity, move.key);
  if (question.breakGlass) requireMayBreakGlass(identity, question);
  return run({identity, std::move(question), identity.actor, false, 0});
}

Outcome Gate::preview(const access::Identity& identity, const Move& move) {
  Question question = questionOf(move);
  identity.require(access::Verb::read, move.key.workspace, move.key.name);
  return run({identity, std::move(question), identity.actor, true, 0});
}

Outcome Gate::tryOut(const access::Identity& identity, const Move& move, std::vector<policy::Module> modules) {
  Question question = questionOf(move);
  identity.require(access::Verb::read, move.key.workspace, move.key.name);
  BoundPolicy tried{.subject = "policy", .digest = {}, .modules = std::move(modules), .error = {}};
  question.tried = std::move(tried);
  return run({identity, std::move(question), identity.actor, true, 0});
}

Outcome Gate::moveOrThrow(const access::Identity& identity, const Move& move) {
  Outcome outcome = this->move(identity, move);
  if (outcome.isDone()) return outcome;
  throw Error(Code::refused, outcomeText(*this, move, outcome), writeJson(outcomeJson(*this, outcome)));
}

bool Gate::asksOpa(std::string_view url) const { return options_.opa && options_.opa->isAllowed(url); }

std::string Gate::changeRequestUrl(std::int64_t changeRequest) const {
  return fmt::format("{}/changes/{}", options_.publicUrl, changeRequest);
}

}  // namespace regesta::governance

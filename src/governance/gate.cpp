#include "governance/gate.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "governance/gate_attempt.h"
#include "registry/clearance.h"
#include "registry/pointer.h"
#include "registry/rollout.h"

namespace regesta::governance {

namespace {

using Outcome = Gate::Outcome;

bool isStage(std::string_view pointer) { return pointer.starts_with("stage:"); }

void checkPlan(const Gate::Move& move, const Question& question) {
  if (isStage(question.pointer)) throw Invalid("alias", "is what a rollout moves, not a stage");
  if (move.rollout->arms.empty() || move.rollout->arms.front().version != move.to)
    throw Invalid("arms", "must begin with the version that the rollout is about");
}

Question questionOf(const Gate::Move& move) {
  Question question{move.key,
                    canonicalPointer(move.pointer),
                    move.to,
                    move.reason,
                    move.rollback,
                    move.archiveOthers,
                    0,
                    move.rollout ? registry::canonicalPlan(*move.rollout) : ""};
  question.from = move.from;
  if (move.rollout) checkPlan(move, question);
  if (move.to < 0) throw Invalid("version", "must be at least 1");
  if (isStage(question.pointer) && move.to == 0) throw Invalid("version", "is required: a version is moved to a stage");
  if (!isStage(question.pointer)) question.archiveOthers = false;
  if (question.reason.size() > 4000 || !isUtf8(question.reason))
    throw Invalid("reason", "must be UTF-8 of at most 4000 bytes");
  return question;
}

void requireLeave(const Identity& identity, const registry::AssetKey& key) {
  // Policies guard everything else: who moves their pointers could open any gate.
  Verb verb = key.kind == registry::Kind::policy ? Verb::administer : Verb::write;
  identity.require(verb, key.workspace, key.name);
}

bool standsThere(const Case& about) {
  const Question& question = about.question;
  if (!question.plan.empty()) return false;
  if (!isStage(question.pointer)) return about.move.from == question.to;
  return !question.archiveOthers && about.move.candidate->stage == question.pointer.substr(6);
}

Outcome outcomeOf(const Case& about, Outcome::Kind kind) {
  Outcome outcome;
  outcome.kind = kind;
  outcome.from = about.move.from;
  outcome.to = about.question.to;
  outcome.isProtected = about.guarded();
  return outcome;
}

/// Somebody who looked at an old state would undo what happened since without knowing of it.
void requireFrom(const Case& about) {
  const Question& question = about.question;
  if (!question.from || *question.from == about.move.from) return;
  throw error(Code::conflict, "{}#{} stands on {}, not on {}, which you looked at: look again before you move it",
              question.key.subject(), question.pointer, about.move.from, *question.from);
}

Outcome outcomeOf(const Case& about, const Judgement& judgement) {
  const std::string& result = judgement.decision.result;
  auto kind = result == "allowed"   ? Outcome::Kind::moved
              : result == "pending" ? Outcome::Kind::pending
                                    : Outcome::Kind::refused;
  Outcome outcome = outcomeOf(about, kind);
  outcome.verdict = judgement.verdict;
  outcome.requirements = judgement.requirements;
  outcome.decision = judgement.decision.digest;
  if (about.move.open) outcome.changeRequest = about.move.open->id;
  return outcome;
}

json::array codesOf(const policy::Verdict& verdict) {
  json::array codes;
  for (const policy::Finding& finding : verdict.deny)
    if (codes.size() < 50) codes.emplace_back(shorten(finding.code.empty() ? finding.msg : finding.code, 100));
  if (!verdict.error.empty()) codes.emplace_back("policy-error");
  return codes;
}

void recordRefusal(registry::Change& change, const Case& about, const Judgement& judgement, Outcome& outcome) {
  const Question& question = about.question;
  storeDecision(change, judgement.decision);
  outcome.entryId = change.record(refusedAction(question.pointer), question.key.workspace,
                                  question.key.subject() + "#" + question.pointer,
                                  {{"pointer", question.pointer},
                                   {"from", about.move.from},
                                   {"to", question.to},
                                   {"decision", judgement.decision.digest},
                                   {"codes", codesOf(judgement.verdict)}});
  if (about.move.open) noteDecision(change, *about.move.open, judgement.decision.digest);
}

void recordPending(registry::Change& change, const Case& about, const Judgement& judgement, Outcome& outcome) {
  const auto& open = about.move.open;
  if (open) {
    auto known = findDecision(change.session, open->decision);
    if (known && known->facts == judgement.decision.facts && known->result == "pending") {
      outcome.decision = known->digest;  // asked again, nothing new
      return;
    }
  }
  storeDecision(change, judgement.decision);
  if (open) {
    noteDecision(change, *open, judgement.decision.digest);
  } else {
    ChangeRequest request = about.move.request(about.question);
    request.decision = judgement.decision.digest;
    outcome.changeRequest = openChangeRequest(change, std::move(request)).id;
  }
  outcome.entryId = change.lastEntry();
}

/// Decisions keep the policy's words; whoever asks gets commands to run.
void fillCures(Outcome& outcome, const Question& question) {
  auto fill = [&](std::string& cure) {
    cure = filledCure(std::move(cure), question.key, question.to, outcome.changeRequest);
  };
  for (auto* findings : {&outcome.verdict.deny, &outcome.verdict.warn})
    for (policy::Finding& finding : *findings) fill(finding.cure);
  for (Requirement& requirement : outcome.requirements) {
    if (requirement.cure.empty()) requirement.cure = requirement.hint;
    fill(requirement.cure);
  }
}

void closeApplied(registry::Change& change, const Case& about, const Judgement& judgement) {
  const auto& open = about.move.open;
  if (!open) return;
  json::array approvals;
  for (const Approval& approval : about.move.approvals)
    approvals.push_back(
        json::object{{"by", approval.actor}, {"roles", json::array(approval.roles.begin(), approval.roles.end())}});
  noteDecision(change, *open, judgement.decision.digest);
  closeChangeRequest(change, *open, "applied", "",
                     {{"decision", judgement.decision.digest}, {"approvals", std::move(approvals)}});
}

}  // namespace

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

std::string refusedAction(std::string_view pointer) {
  return isStage(pointer) ? "stage.move-refused" : "alias.move-refused";
}

Gate::Gate(registry::Store& store, policy::Engine& engine, Options options)
    : store_(store), engine_(engine), options_(std::move(options)) {}
Gate::~Gate() = default;

void Gate::apply(registry::Change& change, const Attempt& attempt, Outcome& outcome) {
  const Question& question = attempt.question;
  registry::Clearance clearance(question.pointer, outcome.from, question.to, outcome.decision);
  if (!question.plan.empty()) {
    registry::Asset asset = registry::getAsset(change.session, question.key);
    outcome.rollout =
        registry::startRollout(change, asset, registry::parsePlan(question.plan), clearance, question.reason).id;
  } else if (isStage(question.pointer)) {
    registry::Version version = registry::getVersion(change.session, question.key, question.to);
    registry::moveStage(change, version, clearance, question.archiveOthers);
  } else {
    registry::moveAlias(change, registry::getAsset(change.session, question.key), clearance);
  }
  outcome.entryId = change.lastEntry();
}

std::optional<Outcome> Gate::tryOnce(const Attempt& attempt) {
  const Question& question = attempt.question;
  std::int64_t now = nowMillis();
  Case about = store_.read([&](db::Session& session) { return collectCase(session, attempt.identity, question, now); });
  if (attempt.changeRequest != 0 && (!about.move.open || about.move.open->id != attempt.changeRequest))
    return closedMeanwhile(attempt.changeRequest);
  requireFrom(about);
  if (standsThere(about) && !question.tried) return outcomeOf(about, Outcome::Kind::unchanged);

  Judgement judgement;
  if (about.guarded()) judgement = judge(engine_, about, now);
  Outcome outcome = about.guarded() ? outcomeOf(about, judgement) : outcomeOf(about, Outcome::Kind::moved);
  if (attempt.dry) return outcome;
  REGESTA_INVARIANT(!question.tried);

  return store_.change(attempt.actor, [&](registry::Change& change) -> std::optional<Outcome> {
    // The decision was made outside the transaction; it holds only while everything it rested on is still so.
    Case again = collectCase(change.session, attempt.identity, question, now);
    if (again.guarded() != about.guarded() || again.digest() != about.digest() || again.move.from != about.move.from ||
        standsThere(again))
      return std::nullopt;
    if (attempt.changeRequest != 0 && (!again.move.open || again.move.open->id != attempt.changeRequest))
      return std::nullopt;
    Outcome result = outcome;
    if (again.move.open) result.changeRequest = again.move.open->id;
    if (result.kind == Outcome::Kind::refused) {
      recordRefusal(change, again, judgement, result);
    } else if (result.kind == Outcome::Kind::pending) {
      recordPending(change, again, judgement, result);
    } else {
      if (again.guarded()) storeDecision(change, judgement.decision);
      apply(change, attempt, result);
      closeApplied(change, again, judgement);
      if (result.rollout == 0) closeStale(change, question.key, question.pointer, result.changeRequest);
      if (again.leaving) closeStale(change, question.key, "stage:" + again.move.candidate->stage, result.changeRequest);
    }
    return result;
  });
}

Outcome Gate::closedMeanwhile(std::int64_t changeRequest) {
  ChangeRequest request = store_.read([&](db::Session& session) { return getChangeRequest(session, changeRequest); });
  if (request.status == "applied") return appliedOutcome(request);
  throw error(
      Code::conflict,
      "change request {} is no longer about the present state: the pointer, a digest or the request has changed",
      changeRequest);
}

Outcome Gate::run(const Attempt& attempt) {
  for (int i = 0; i < options_.attempts; ++i)
    if (auto outcome = tryOnce(attempt)) {
      fillCures(*outcome, attempt.question);
      return *std::move(outcome);
    }
  throw error(Code::conflict, "{}#{} or what its policies look at keeps changing; try again",
              attempt.question.key.subject(), attempt.question.pointer);
}

Outcome Gate::move(const Identity& identity, const Move& move) {
  Question question = questionOf(move);
  requireLeave(identity, move.key);
  return run({identity, std::move(question), identity.actor, false, 0});
}

Outcome Gate::preview(const Identity& identity, const Move& move) {
  Question question = questionOf(move);
  identity.require(Verb::read, move.key.workspace, move.key.name);
  return run({identity, std::move(question), identity.actor, true, 0});
}

Outcome Gate::tryOut(const Identity& identity, const Move& move, std::vector<policy::Module> modules) {
  Question question = questionOf(move);
  identity.require(Verb::read, move.key.workspace, move.key.name);
  BoundPolicy tried{.subject = "policy", .digest = {}, .modules = std::move(modules), .error = {}};
  question.tried = std::move(tried);
  return run({identity, std::move(question), identity.actor, true, 0});
}

Outcome Gate::moveOrThrow(const Identity& identity, const Move& move) {
  Outcome outcome = this->move(identity, move);
  if (outcome.kind == Outcome::Kind::moved || outcome.kind == Outcome::Kind::unchanged) return outcome;
  throw Error(Code::refused, outcomeText(*this, move, outcome), writeJson(outcomeJson(*this, outcome)));
}

namespace {

/// Going back must not undo what a guard has just done. Who names the version has seen it.
void refuseThrownOut(db::Session& session, const registry::Asset& asset, std::string_view alias, std::int64_t target,
                     const std::vector<registry::Position>& history) {
  constexpr std::size_t looked = 100;
  for (const registry::Rollout& rollout : registry::listRollouts(session, asset, alias, looked)) {
    if (rollout.status != registry::RolloutStatus::rolledBack || rollout.endedBy != "system:guard") continue;
    bool tried = rollout.serves(target) && rollout.stable != target;
    bool since = std::ranges::any_of(history, [&](const registry::Position& position) {
      return position.to == target && position.at > rollout.endedAt;  // somebody has decided otherwise
    });
    if (tried && !since)
      throw error(Code::invalidState,
                  "version {} stood on '{}' before, but a guard rolled it back {} (rollout {}): {}. Name it with "
                  "--to {} to insist, or another version",
                  target, alias, formatTime(rollout.endedAt), rollout.id, rollout.endReason, target);
  }
}

}  // namespace

Outcome Gate::rollback(const Identity& identity, const registry::AssetKey& key, std::string_view pointer,
                       std::string reason, std::int64_t to) {
  std::string name = canonicalPointer(pointer);
  requireLeave(identity, key);
  std::int64_t target = store_.read([&](db::Session& session) {
    registry::Asset asset = registry::getAsset(session, key);
    std::int64_t holder = registry::holderOf(session, asset, name);
    std::vector<registry::Position> history = registry::pointerHistory(session, key, name);
    for (auto position = history.rbegin(); position != history.rend(); ++position)
      for (std::int64_t number : {position->to, position->from}) {
        bool wanted = to == 0 ? number != 0 && number != holder : number == to;
        if (!wanted || number == 0 || !registry::findVersion(session, key, number)) continue;
        if (to == 0) refuseThrownOut(session, asset, name, number, history);
        return number;
      }
    if (to != 0)
      throw error(Code::invalidState,
                  "version {} of {} never held '{}', so there is no way back to it; set the alias instead", to,
                  key.subject(), name);
    throw error(Code::invalidState, "'{}' of {} has stood on no other version that still exists", name, key.subject());
  });
  return run({identity, {key, name, target, std::move(reason), true, isStage(name), 0}, identity.actor, false, 0});
}

registry::Rollout Gate::completeRollout(const registry::Actor& actor, std::int64_t id, std::string_view arm) {
  return store_.change(actor, [&](registry::Change& change) {
    auto rollout = registry::findRollout(change.session, id);
    if (!rollout) throw error(Code::notFound, "there is no rollout {}", id);
    const auto& arms = rollout->plan.arms;
    if (arm.empty() && arms.size() > 1)
      throw error(Code::invalidState, "rollout {} has {} arms: say which one wins", id, arms.size());
    const registry::RolloutArm* winner = arm.empty() ? &arms.front() : rollout->plan.arm(arm);
    if (!winner) throw Invalid("arm", fmt::format("must be an arm of rollout {}", id));
    if (rollout->decision.empty() && registry::isProtected(change.session, rollout->key, rollout->alias))
      throw error(Code::refused, "'{}' of {} became protected after rollout {} started: end it and move the alias",
                  rollout->alias, rollout->key.subject(), id);
    registry::Clearance clearance(rollout->alias, rollout->stable, winner->version, rollout->decision);
    registry::Rollout done = registry::completeRollout(change, *rollout, clearance);
    closeStale(change, rollout->key, rollout->alias, 0);
    return done;
  });
}

std::string Gate::changeRequestUrl(std::int64_t changeRequest) const {
  return fmt::format("{}/changes/{}", options_.publicUrl, changeRequest);
}

}  // namespace regesta::governance

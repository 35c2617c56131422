// Moves that happen together or not at all: change sets.
#include <algorithm>

#include "base/error.h"
#include "base/id.h"
#include "base/limits_work.h"
#include "base/time.h"
#include "governance/gate_attempt.h"

namespace regesta::governance {

namespace {

using Outcome = Gate::Outcome;

constexpr std::size_t changeSetBytes = 16;

void checkMoves(const std::vector<Gate::Move>& moves) {
  if (moves.empty()) throw Invalid("moves", "must not be empty");
  if (moves.size() > limits::movesTogether)
    throw Invalid("moves", fmt::format("must be at most {}", limits::movesTogether));
  for (const Gate::Move& move : moves)
    if (move.rollout || move.breakGlass)
      throw Invalid("moves", "must be plain moves: start a rollout, or break the glass, for one alias at a time");
}

/// Each decision rests on the state before the moves. Of one asset, a move would change what another one was decided
/// on.
void requireDistinct(const std::vector<Question>& questions) {
  std::vector<std::string> assets;
  for (const Question& question : questions) assets.push_back(question.key.subject());
  std::ranges::sort(assets);
  if (auto twice = std::ranges::adjacent_find(assets); twice != assets.end())
    throw Invalid("moves", fmt::format("must name each asset once: {} is there twice", *twice));
}

/// A move that is allowed but has to wait for others says so, and its decision is not the one that moves it.
void holdForOthers(GateCheck& check) {
  Requirement requirement{.code = "change-set", .msg = "the other moves of the change set are allowed, too"};
  requirement.remediation = "complete the other change requests of the change set; all are carried out together";
  requirement.needs = "the other change requests of the change set";
  check.verdict.require.push_back(
      {.code = requirement.code, .msg = requirement.msg, .remediation = requirement.remediation, .more = {}});
  check.requirements.push_back(std::move(requirement));
  amendDecision(check.decision, DecisionResult::pending, [&](json::object& body) {
    body["verdict"] = policy::toJson(check.verdict);
    body["requirements"] = requirementsToJson(check.requirements);
  });
}

/// A move of a change set, evaluated.
struct Member {
  Case about;
  GateCheck check;
  bool isDone = false;  ///< nothing is left to do
  /// Whether policies decide about it.
  bool isDecided() const { return !isDone && about.guarded(); }
  bool is(DecisionResult result) const { return isDecided() && check.decision.result == result; }
};

void refuseToHoldUnprotected(const std::vector<Member>& members) {
  for (const Member& member : members)
    if (!member.isDone && !member.about.guarded())
      throw error(Code::invalidState,
                  "{} is not protected, so no change request can hold it until the others may move. Bind a policy to "
                  "it, or move it separately",
                  member.about.question.key.subject(member.about.question.pointer));
}

Outcome outcomeOf(const Member& member) {
  if (member.isDone) return outcomeOf(member.about, Outcome::Kind::unchanged);
  if (!member.about.guarded()) return outcomeOf(member.about, Outcome::Kind::moved);
  return outcomeOf(member.about, member.check);
}

std::vector<Case> collectCases(db::Transaction& transaction, const access::Identity& identity,
                               const std::vector<Question>& questions, std::int64_t now) {
  std::vector<Case> cases;
  for (const Question& question : questions) {
    requireNoQuarantine(transaction, question);
    cases.push_back(collectCase(transaction, identity, question, now));
  }
  return cases;
}

/// Whether each case has its request open; without requests, there are none yet.
bool belongTo(const std::vector<std::int64_t>& requests, const std::vector<Case>& cases) {
  for (std::size_t i = 0; i < requests.size(); ++i)
    if (!cases[i].move.open || cases[i].move.open->id != requests[i]) return false;
  return true;
}

std::vector<Member> evaluate(policy::Engine& engine, policy::RemoteOpa* opa, std::vector<Case> cases,
                             std::int64_t now) {
  std::vector<Member> members;
  for (Case& about : cases) {
    requireFrom(about);
    requireProtectedIfScheduled(about);
    Member member{.about = std::move(about), .check = {}};
    member.isDone = isAtTarget(member.about);
    if (member.isDecided()) member.check = checkGate(engine, opa, member.about, now);
    members.push_back(std::move(member));
  }
  return members;
}

}  // namespace

std::vector<Outcome> Gate::moveTogether(const access::Identity& identity, const std::vector<Move>& moves) {
  checkMoves(moves);
  Together attempt{identity, {}, identity.actor, {}};
  const std::string changeSet = randomHex(changeSetBytes);
  for (const Move& move : moves) {
    requireMovePermission(identity, move.key);
    attempt.questions.push_back(questionOf(move));
    attempt.questions.back().changeSet = changeSet;
  }
  requireDistinct(attempt.questions);
  return runTogether(attempt);
}

std::vector<Outcome> Gate::runTogether(const Together& attempt) {
  for (int i = 0; i < options_.attempts; ++i)
    if (auto outcomes = tryTogether(attempt)) {
      for (std::size_t place = 0; place < outcomes->size(); ++place)
        fillRemediations((*outcomes)[place], attempt.questions[place]);
      return *std::move(outcomes);
    }
  throw Error(Code::conflict, "the pointers or facts of their policies keep changing; try again");
}

std::optional<std::vector<Outcome>> Gate::tryTogether(const Together& attempt) {
  const std::int64_t now = nowMillis();
  std::vector<Case> cases = store_.read([&](db::Transaction& transaction) {
    return collectCases(transaction, attempt.identity, attempt.questions, now);
  });
  if (!belongTo(attempt.requests, cases))
    throw Error(Code::conflict, "the change set is stale: a pointer, a digest or one of its requests has changed");
  std::vector<Member> members = evaluate(engine_, options_.opa, std::move(cases), now);
  const bool isRefused =
      std::ranges::any_of(members, [](const Member& member) { return member.is(DecisionResult::refused); });
  const bool mayMove = std::ranges::all_of(
      members, [](const Member& member) { return !member.isDecided() || member.is(DecisionResult::allowed); });
  if (!mayMove && !isRefused) refuseToHoldUnprotected(members);
  if (!mayMove)
    for (Member& member : members)
      if (member.is(DecisionResult::allowed)) holdForOthers(member.check);

  // A new set that a policy denies opens no requests, as nothing could meet it: its refusals are all that is recorded.
  auto isRecorded = [&](const Member& member) {
    if (mayMove) return !member.isDone;
    return member.isDecided() && (member.is(DecisionResult::refused) || !isRefused || !attempt.requests.empty());
  };

  return store_.change(attempt.actor, [&](registry::Change& change) -> std::optional<std::vector<Outcome>> {
    std::vector<Case> again =
        collectCases(change.transaction, attempt.identity, attempt.questions, std::max(now, change.now));
    if (!belongTo(attempt.requests, again)) return std::nullopt;
    for (std::size_t i = 0; i < members.size(); ++i)
      if (!isUnchanged(members[i].about, again[i])) return std::nullopt;
    std::vector<Outcome> outcomes;
    for (std::size_t i = 0; i < members.size(); ++i) {
      Outcome outcome = outcomeOf(members[i]);
      if (isRecorded(members[i])) {
        const std::int64_t request = attempt.requests.empty() ? 0 : attempt.requests[i];
        settle(change, {attempt.identity, attempt.questions[i], attempt.actor, false, request}, again[i],
               members[i].check, outcome);
      } else if (!members[i].isDone) {
        outcome.kind = Outcome::Kind::pending;
        outcome.decision.clear();
      }
      outcomes.push_back(std::move(outcome));
    }
    return outcomes;
  });
}

}  // namespace regesta::governance

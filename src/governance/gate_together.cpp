// Moves that happen together or not at all: change sets.
#include <algorithm>

#include "base/error.h"
#include "base/id.h"
#include "base/limits_work.h"
#include "base/time.h"
#include "crypto/hash.h"
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
  json::value parsed = parseJson(check.decision.body);
  json::object& body = parsed.as_object();
  body["verdict"] = policy::toJson(check.verdict);
  body["requirements"] = requirementsToJson(check.requirements);
  check.decision.result = DecisionResult::pending;
  body["result"] = resultName(check.decision.result);
  check.decision.body = canonicalJson(body);
  check.decision.digest = crypto::sha256Hex(check.decision.body);
}

/// A move of a change set, evaluated.
struct Member {
  Case about;
  GateCheck check;
  bool waits = false;   ///< something is missing, or a policy denies it
  bool isDone = false;  ///< nothing is left to do
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

bool isUnchanged(const Case& before, const Case& now) {
  return before.guarded() == now.guarded() && before.digest() == now.digest() && before.move.from == now.move.from &&
         isAtTarget(before) == isAtTarget(now);
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
  auto collect = [&](db::Transaction& transaction, std::int64_t moment) {
    std::vector<Case> cases;
    for (const Question& question : attempt.questions) {
      requireNoQuarantine(transaction, question);
      cases.push_back(collectCase(transaction, attempt.identity, question, moment));
    }
    return cases;
  };
  auto belongTogether = [&](const std::vector<Case>& cases) {
    for (std::size_t i = 0; i < attempt.requests.size(); ++i)
      if (!cases[i].move.open || cases[i].move.open->id != attempt.requests[i]) return false;
    return true;
  };

  std::vector<Case> cases = store_.read([&](db::Transaction& transaction) { return collect(transaction, now); });
  if (!belongTogether(cases))
    throw Error(Code::conflict, "the change set is stale: a pointer, a digest or one of its requests has changed");
  std::vector<Member> members;
  for (Case& about : cases) {
    requireFrom(about);
    if (!about.guarded() && about.question.notBefore != 0)
      throw Invalid("not_before",
                    fmt::format("is for protected pointers: no policy is bound to '{}'", about.question.pointer));
    Member member{std::move(about), {}, false, false};
    member.isDone = isAtTarget(member.about);
    if (!member.isDone && member.about.guarded()) {
      member.check = checkGate(engine_, options_.opa, member.about, now);
      member.waits = member.check.decision.result != DecisionResult::allowed;
    }
    members.push_back(std::move(member));
  }
  const bool mayMove = std::ranges::none_of(members, &Member::waits);
  const bool isRefused = std::ranges::any_of(members, [](const Member& member) {
    return member.waits && member.check.decision.result == DecisionResult::refused;
  });
  if (!mayMove && !isRefused) refuseToHoldUnprotected(members);
  if (!mayMove)
    for (Member& member : members)
      if (!member.waits && !member.isDone && member.about.guarded()) holdForOthers(member.check);

  // A new set that a policy denies opens no requests, as nothing could meet it: its refusals are all that is recorded.
  auto isRecorded = [&](const Member& member) {
    if (member.isDone || mayMove) return !member.isDone;
    if (!member.about.guarded()) return false;
    return member.check.decision.result == DecisionResult::refused || !isRefused || !attempt.requests.empty();
  };

  return store_.change(attempt.actor, [&](registry::Change& change) -> std::optional<std::vector<Outcome>> {
    std::vector<Case> again = collect(change.transaction, std::max(now, change.now));
    if (!belongTogether(again)) return std::nullopt;
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

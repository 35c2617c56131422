#include "governance/input.h"

#include <algorithm>

#include "base/error.h"
#include "base/time.h"
#include "crypto/hash.h"
#include "governance/grants.h"
#include "registry/pointer.h"
#include "registry/rollout.h"

namespace regesta::governance {

namespace {

constexpr std::string_view stagePrefix = "stage:";

std::vector<std::int64_t> heldBefore(db::Session& session, const Question& question) {
  std::vector<std::int64_t> numbers;
  std::vector<registry::Position> history = registry::pointerHistory(session, question.key, question.pointer);
  for (auto position = history.rbegin(); position != history.rend() && numbers.size() < 100; ++position)
    if (position->to != 0 && std::ranges::find(numbers, position->to) == numbers.end()) numbers.push_back(position->to);
  return numbers;
}

/// Approvals that still count: given for exactly these digests, in roles that their givers hold to this day.
std::vector<Approval> countedApprovals(db::Session& session, const ChangeRequest& request, std::int64_t nowMillis) {
  std::vector<Approval> approvals = approvalsOf(session, request.id);
  std::string bound = request.bound();
  for (Approval& approval : approvals) {
    Identity giver = identityOf(session, approval.actor, nowMillis);
    std::vector<std::string> held = giver.rolesOn(request.key.workspace, request.key.name);
    std::erase_if(approval.roles, [&](const std::string& role) { return std::ranges::find(held, role) == held.end(); });
  }
  std::erase_if(approvals, [&](const Approval& approval) { return approval.bound != bound || approval.roles.empty(); });
  return approvals;
}

json::object describePointer(const Question& question) {
  bool stage = question.pointer.starts_with(stagePrefix);
  json::value name(stage ? std::string_view(question.pointer).substr(stagePrefix.size()) : question.pointer);
  return {{"workspace", question.key.workspace},
          {"kind", registry::kindName(question.key.kind)},
          {"name", question.key.name},
          {"pointer", question.pointer},
          {"alias", stage ? json::value(nullptr) : name},
          {"stage", stage ? name : json::value(nullptr)}};
}

json::array describeApprovals(const std::vector<Approval>& approvals) {
  json::array list;
  for (const Approval& approval : approvals)
    list.push_back(json::object{{"user", approval.actor},
                                {"roles", json::array(approval.roles.begin(), approval.roles.end())},
                                {"at", formatTime(approval.at)},
                                {"comment", approval.comment},
                                {"decision", approval.decision}});
  return list;
}

json::value describeRequest(const std::optional<ChangeRequest>& request) {
  if (!request) return nullptr;
  return json::object{{"id", request->id},
                      {"requested_by", request->requestedBy},
                      {"opened_at", formatTime(request->openedAt)},
                      {"reason", request->reason}};
}

std::string digestOf(const Facts& facts) {
  json::object content = facts.input;
  content.erase("change_request");
  json::array policies;
  for (const BoundPolicy& policy : facts.policies)
    policies.push_back(json::array{policy.subject, policy.digest, policy.error});
  return crypto::sha256Hex(
      canonicalJson(json::object{{"input", std::move(content)}, {"policies", std::move(policies)}}));
}

/// Where things stand and which policies ask.
Facts basics(db::Session& session, const Question& question) {
  Facts facts;
  facts.asset = registry::getAsset(session, question.key);
  facts.from = question.leaving != 0 ? question.leaving : registry::holderOf(session, facts.asset, question.pointer);
  if (facts.from != 0) facts.current = registry::findVersion(session, question.key, facts.from);
  if (question.to != 0) facts.candidate = registry::getVersion(session, question.key, question.to);
  if (question.tried) {
    facts.policies.push_back(*question.tried);
    return facts;
  }
  for (const Binding& binding : bindingsOn(session, question.key, question.pointer))
    facts.policies.push_back(resolvePolicy(session, binding));
  return facts;
}

std::string actionOf(const Question& question, const std::vector<std::int64_t>& before) {
  if (question.to == 0) return "remove";
  bool held = std::ranges::find(before, question.to) != before.end();
  return question.rollback && held ? "rollback" : "move";
}

void fillInput(db::Session& session, const Identity& identity, const Question& question,
               const std::vector<std::int64_t>& before, Facts& facts) {
  auto describe = [&](const std::optional<registry::Version>& version) -> json::value {
    if (!version) return nullptr;
    return describeVersion(session, *version, evidenceOn(session, *version));
  };
  std::vector<std::string> roles = identity.rolesOn(question.key.workspace, question.key.name);
  json::object& input = facts.input;
  input["action"] = facts.action;
  input["reason"] = question.reason;
  input["pointer"] = describePointer(question);
  input["actor"] = json::object{{"name", identity.actor.name}, {"roles", json::array(roles.begin(), roles.end())}};
  input["candidate"] = describe(facts.candidate);
  input["current"] = describe(facts.current);
  input["approvals"] = describeApprovals(facts.approvals);
  input["change_request"] = describeRequest(facts.open);
  input["held_before"] = json::array(before.begin(), before.end());
  if (!question.plan.empty()) input["rollout"] = parseJson(question.plan);
  facts.digest = digestOf(facts);
}

/// What is asked about a further arm of a rollout: a move to it, with the first one's request and approvals.
Facts armFacts(db::Session& session, const Identity& identity, const Question& question,
               const std::vector<std::int64_t>& before, const Facts& move, std::int64_t version) {
  Question about = question;
  about.to = version;
  Facts facts = basics(session, about);
  facts.action = actionOf(about, before);
  facts.open = move.open;
  facts.approvals = move.approvals;
  facts.evidence = evidenceOn(session, *facts.candidate);
  fillInput(session, identity, about, before, facts);
  return facts;
}

/// The guarded stage that the candidate would leave, as a question of its own.
std::optional<Question> leavingQuestion(db::Session& session, const Question& question, const Facts& facts) {
  if (question.tried || !question.pointer.starts_with(stagePrefix) || !facts.candidate ||
      facts.candidate->stage == "None")
    return std::nullopt;
  Question leaving = question;
  leaving.pointer = fmt::format("{}{}", stagePrefix, facts.candidate->stage);
  leaving.to = 0;
  leaving.leaving = facts.candidate->number;
  if (leaving.pointer == question.pointer || bindingsOn(session, question.key, leaving.pointer).empty())
    return std::nullopt;
  return leaving;
}

/// The others of a stage would enter a guarded one without being asked about.
void refuseGuardedArchive(db::Session& session, const Question& question) {
  if (!question.archiveOthers || bindingsOn(session, question.key, "stage:Archived").empty()) return;
  throw Error(Code::refused,
              "the stage Archived is guarded: move the versions there one by one, not with archive_existing");
}

}  // namespace

ChangeRequest Facts::request(const Question& question) const {
  ChangeRequest made;
  made.key = question.key;
  made.pointer = question.pointer;
  made.action = action;
  made.fromNumber = from;
  made.fromDigest = current ? current->digest : "";
  made.toNumber = question.to;
  made.toDigest = candidate ? candidate->digest : "";
  made.archiveOthers = question.archiveOthers;
  made.plan = question.plan;
  made.reason = question.reason;
  return made;
}

std::string Case::digest() const {
  if (!leaving && arms.empty()) return move.digest;
  std::string digests = move.digest;
  if (leaving) digests += leaving->digest;
  for (const Facts& arm : arms) digests += arm.digest;
  return crypto::sha256Hex(digests);
}

Case collectCase(db::Session& session, const Identity& identity, const Question& question, std::int64_t nowMillis) {
  Case result{question, basics(session, question), std::nullopt};
  Facts& move = result.move;
  std::optional<Question> leaving = leavingQuestion(session, question, move);
  refuseGuardedArchive(session, question);
  std::optional<registry::RolloutPlan> plan;
  if (!question.plan.empty()) {
    plan = registry::parsePlan(question.plan);
    registry::checkStart(session, move.asset, question.pointer, *plan);
  }
  if (move.policies.empty() && !leaving) return result;  // nobody asks: moves of unguarded pointers stay cheap

  std::vector<std::int64_t> before = heldBefore(session, question);
  move.action = actionOf(question, before);
  move.open = findOpen(session, move.request(question));
  if (move.open) move.approvals = countedApprovals(session, *move.open, nowMillis);
  if (move.candidate) move.evidence = evidenceOn(session, *move.candidate);
  fillInput(session, identity, question, before, move);
  for (std::size_t i = 1; plan && i < plan->arms.size(); ++i)
    result.arms.push_back(armFacts(session, identity, question, before, move, plan->arms[i].version));
  if (!leaving) return result;

  Facts left = basics(session, *leaving);
  left.action = "remove";
  left.open = move.open;
  left.approvals = move.approvals;
  fillInput(session, identity, *leaving, heldBefore(session, *leaving), left);
  result.leaving = std::move(left);
  return result;
}

}  // namespace regesta::governance

#include "governance/input.h"

#include <algorithm>

#include "access/grants.h"
#include "base/error.h"
#include "base/time.h"
#include "crypto/hash.h"
#include "governance/widening.h"
#include "registry/archive.h"
#include "registry/author.h"
#include "registry/pointer.h"
#include "registry/rollout/rollout.h"
#include "registry/version_files.h"

namespace regesta::governance {

namespace {

const registry::Pointer archive = registry::Pointer::stage("Archived");

std::vector<std::int64_t> heldBefore(db::Transaction& transaction, const Question& question) {
  std::vector<std::int64_t> numbers;
  if (!question.renamedTo.empty()) return numbers;  // nothing was held under the new name
  bool guarded = !bindingsOn(transaction, question.key, question.pointer).empty();
  std::vector<registry::Position> history = registry::pointerHistory(transaction, question.key, question.pointer);
  for (auto position = history.rbegin(); position != history.rend() && numbers.size() < 100; ++position) {
    // What was held before a policy was bound, or under a name that no policy guarded, no policy has seen.
    if (guarded && (position->decision.empty() || position->underOldName)) continue;
    if (position->to != 0 && std::ranges::find(numbers, position->to) == numbers.end()) numbers.push_back(position->to);
  }
  return numbers;
}

/// Does an entry of the ledger tell of the approval? A row alone may have been written by anybody with SQL.
bool isRecorded(db::Transaction& transaction, const ChangeRequest& request, const Approval& approval) {
  auto rows = transaction.query(
      "SELECT e.body FROM subject_entry s JOIN ledger_entry e ON e.id = s.entry WHERE s.workspace = $1 AND s.subject = "
      "$2 AND e.refused IS NULL",
      {request.key.workspace, request.subject()});
  while (rows.next()) {
    json::value entry = parseJson(rows.view(0));
    if (!entry.is_object() ||
        memberText(entry.as_object(), "action") != registry::nameOf(registry::Action::approvalGiven) ||
        memberText(entry.as_object(), "actor") != approval.actor)
      continue;
    const json::value* data = entry.as_object().if_contains("data");
    if (!data || !data->is_object()) continue;
    const json::value* roles = data->as_object().if_contains("roles");
    if (memberText(data->as_object(), "bound") == approval.bound &&
        memberText(data->as_object(), "decision") == approval.decision &&
        memberText(data->as_object(), "on_behalf_of") == approval.onBehalfOf && roles &&
        *roles == json::value(json::array(approval.roles.begin(), approval.roles.end())))
      return true;
  }
  return false;
}

/// The roles of the user who gave it, or on whose behalf it was given; a delegate must be active, too.
std::vector<std::string> rolesBehind(db::Transaction& transaction, const ChangeRequest& request,
                                     const Approval& approval, std::int64_t nowMillis) {
  access::Identity giver = access::identityOf(transaction, approval.actor, nowMillis);
  if (approval.onBehalfOf.empty()) return giver.rolesOn(request.key.workspace, request.key.name);
  if (!giver.may(access::Verb::read, request.key.workspace, request.key.name)) return {};
  return access::identityOf(transaction, approval.onBehalfOf, nowMillis)
      .rolesOn(request.key.workspace, request.key.name);
}

/// Approvals that still count: recorded, given for exactly these digests and for what was shown, in roles that their
/// givers hold to this day. Nobody is behind two of them.
std::vector<Approval> countedApprovals(db::Transaction& transaction, const ChangeRequest& request,
                                       std::int64_t nowMillis, const std::vector<const json::object*>& inputs) {
  std::vector<Approval> approvals = approvalsOf(transaction, request.id);
  std::string bound = request.bound();
  std::erase_if(approvals, [&](const Approval& approval) { return !isRecorded(transaction, request, approval); });
  for (Approval& approval : approvals) {
    std::vector<std::string> held = rolesBehind(transaction, request, approval, nowMillis);
    std::erase_if(approval.roles, [&](const std::string& role) { return std::ranges::find(held, role) == held.end(); });
  }
  std::erase_if(approvals, [&](const Approval& approval) {
    return approval.bound != bound || approval.roles.empty() || !approvalCovers(transaction, approval.decision, inputs);
  });
  std::vector<Approval> counted;
  for (Approval& approval : approvals)
    if (std::ranges::none_of(counted, [&](const Approval& other) { return other.sharesVoiceWith(approval); }))
      counted.push_back(std::move(approval));
  return counted;
}

json::object describePointer(const Question& question) {
  bool stage = question.pointer.isStage();
  json::value name(question.pointer.name());
  return {{"workspace", question.key.workspace},
          {"kind", registry::kindName(question.key.kind)},
          {"name", question.rules().name},
          {"pointer", question.pointer.text()},
          {"alias", stage ? json::value(nullptr) : name},
          {"stage", stage ? name : json::value(nullptr)}};
}

json::array describeApprovals(const std::vector<Approval>& approvals) {
  json::array list;
  for (const Approval& approval : approvals) {
    json::object shown{{"user", approval.actor},
                       {"roles", json::array(approval.roles.begin(), approval.roles.end())},
                       {"at", formatTime(approval.at)},
                       {"comment", approval.comment},
                       {"decision", approval.decision}};
    if (!approval.onBehalfOf.empty()) shown["on_behalf_of"] = approval.onBehalfOf;
    list.push_back(std::move(shown));
  }
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
  json::object all{{"input", std::move(content)}, {"policies", std::move(policies)}};
  if (!facts.waivers.empty()) {
    json::array waivers;
    for (const Waiver& waiver : facts.waivers) waivers.emplace_back(waiver.id);
    all["waivers"] = std::move(waivers);
  }
  return crypto::sha256Hex(canonicalJson(all));
}

/// Where things stand and which policies ask.
Facts basics(db::Transaction& transaction, const Question& question) {
  Facts facts;
  facts.asset = registry::getAsset(transaction, question.key);
  if (question.renamedTo.empty())
    facts.from =
        question.leaving != 0 ? question.leaving : registry::holderOf(transaction, facts.asset, question.pointer);
  if (facts.from != 0) facts.current = registry::findVersion(transaction, question.key, facts.from);
  if (question.to != 0) facts.candidate = registry::getVersion(transaction, question.key, question.to);
  if (facts.candidate && question.pointer != archive) registry::requireNotArchived(*facts.candidate, "promoted");
  facts.authors = authorsIn(transaction, facts);
  if (question.tried) {
    facts.policies.push_back(*question.tried);
    return facts;
  }
  for (const Binding& binding : bindingsOn(transaction, question.rules(), question.pointer))
    facts.policies.push_back(resolvePolicy(transaction, binding));
  // Content that does not exist cannot be approved, whatever the policies say.
  if (!facts.policies.empty() && facts.candidate &&
      registry::contentOf(transaction, *facts.candidate) == registry::Content::missing)
    facts.policies.push_back(contentPolicy());
  return facts;
}

std::string actionOf(const Question& question, const std::vector<std::int64_t>& before) {
  if (!question.renamedTo.empty()) return "rename";
  if (question.to == 0) return "remove";
  bool held = std::ranges::find(before, question.to) != before.end();
  return question.rollback && held ? "rollback" : "move";
}

void fillInput(db::Transaction& transaction, const access::Identity& identity, const Question& question,
               const std::vector<std::int64_t>& before, Facts& facts) {
  Scope scope(transaction, identity, question.key.workspace);
  auto describe = [&](const std::optional<registry::Version>& version) -> json::value {
    if (!version) return nullptr;
    return describeVersion(transaction, *version, evidenceOn(transaction, *version), question.tried ? &scope : nullptr);
  };
  std::vector<std::string> roles = identity.rolesOn(question.key.workspace, question.key.name);
  json::object& input = facts.input;
  input["action"] = facts.action;
  input["reason"] = question.reason;
  input["pointer"] = describePointer(question);
  input["actor"] = json::object{{"name", identity.actor.name}, {"roles", json::array(roles.begin(), roles.end())}};
  input["candidate"] = describe(facts.candidate);
  input["current"] = describe(facts.current);
  input["change_request"] = describeRequest(facts.open);
  input["held_before"] = json::array(before.begin(), before.end());
  describePlan(input, question.plan);
  if (!question.renamedTo.empty()) input["renamed_from"] = question.key.name;
  if (question.archiveOthers) input["archive_existing"] = true;
}

void countApprovals(db::Transaction& transaction, Case& about, std::int64_t nowMillis) {
  std::vector<Approval> approvals;
  if (about.move.open) approvals = countedApprovals(transaction, *about.move.open, nowMillis, about.inputs());
  auto count = [&](Facts& facts) {
    facts.approvals = approvals;
    facts.input["approvals"] = describeApprovals(approvals);
    if (!about.question.tried) facts.waivers = waiversFor(transaction, facts, nowMillis);
    facts.digest = digestOf(facts);
  };
  count(about.move);
  if (about.leaving) count(*about.leaving);
  for (Facts& arm : about.arms) count(arm);
}

/// The input for a further arm of a rollout: a move to it, with the request and approvals of the first arm.
Facts armFacts(db::Transaction& transaction, const access::Identity& identity, const Question& question,
               const std::vector<std::int64_t>& before, const Facts& move, std::int64_t version) {
  Question about = question;
  about.to = version;
  Facts facts = basics(transaction, about);
  facts.action = actionOf(about, before);
  facts.open = move.open;
  facts.evidence = evidenceOn(transaction, *facts.candidate);
  fillInput(transaction, identity, about, before, facts);
  return facts;
}

/// The protected stage that the candidate would leave, as a separate question.
std::optional<Question> leavingQuestion(db::Transaction& transaction, const Question& question, const Facts& facts) {
  if (question.tried || !question.renamedTo.empty() || !question.pointer.isStage() || !facts.candidate ||
      facts.candidate->stage == "None")
    return std::nullopt;
  Question leaving = question;
  leaving.pointer = registry::Pointer::stage(facts.candidate->stage);
  leaving.to = 0;
  leaving.leaving = facts.candidate->number;
  if (leaving.pointer == question.pointer || bindingsOn(transaction, question.key, leaving.pointer).empty())
    return std::nullopt;
  return leaving;
}

/// A version in stage Archived is unused, which contradicts a protected alias that points to it.
void refuseToArchiveServed(db::Transaction& transaction, const access::Identity& identity, const Question& question,
                           const registry::Asset& asset) {
  std::vector<std::int64_t> archived;
  if (question.pointer == archive) archived.push_back(question.to);
  if (question.archiveOthers) archived = registry::versionsOn(transaction, asset, question.pointer);
  std::erase(archived, question.archiveOthers ? question.to : 0);
  if (archived.empty() || identity.may(access::Verb::administer, question.key.workspace, question.key.name)) return;
  for (const registry::Alias& alias : registry::listAliases(transaction, asset))
    if (std::ranges::find(archived, alias.number) != archived.end() &&
        registry::isProtected(transaction, question.key, registry::Pointer::alias(alias.name)))
      throw error(Code::refused,
                  "version {} cannot be archived: the protected alias '{}' points to it. Move the alias first; only "
                  "a user with the role 'admin' may archive it before",
                  alias.number, alias.name);
}

/// Otherwise the other versions of a stage would enter a protected stage without a check.
void refuseGuardedArchive(db::Transaction& transaction, const Question& question) {
  if (!question.archiveOthers || bindingsOn(transaction, question.key, archive).empty()) return;
  throw Error(Code::refused,
              "the stage Archived is protected: move the versions there one by one, not with archive_existing");
}

/// The arms of the rollout that the question is to start, or to widen: then those that get a greater share.
std::vector<registry::RolloutArm> armsAsked(db::Transaction& transaction, const Question& question,
                                            const registry::Asset& asset) {
  if (question.plan.empty()) return {};
  registry::RolloutPlan plan = readPlan(question.plan);
  std::optional<Gate::Widening> widening = readWidening(question.plan);
  if (!widening) {
    registry::checkStart(transaction, asset, question.pointer.name(), plan);
    return plan.arms;
  }
  findWidened(transaction, asset, *widening);
  if (widening->version != 0) return {};
  return plan.arms;
}

}  // namespace

std::set<std::string> authorsIn(db::Transaction& transaction, const Facts& facts) {
  const auto& version = facts.candidate ? facts.candidate : facts.current;
  return version ? registry::authorsOf(transaction, *version) : std::set<std::string>{};
}

ChangeRequest Facts::request(const Question& question) const {
  ChangeRequest made;
  made.asset = asset.id;
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
  made.notBefore = question.notBefore;
  made.changeSet = question.changeSet;
  return made;
}

std::string Case::digest() const {
  if (!leaving && arms.empty()) return move.digest;
  std::string digests = move.digest;
  if (leaving) digests += leaving->digest;
  for (const Facts& arm : arms) digests += arm.digest;
  return crypto::sha256Hex(digests);
}

std::vector<const json::object*> Case::inputs() const {
  std::vector<const json::object*> all{&move.input};
  if (leaving) all.push_back(&leaving->input);
  for (const Facts& arm : arms) all.push_back(&arm.input);
  return all;
}

Case collectCase(db::Transaction& transaction, const access::Identity& identity, const Question& question,
                 std::int64_t nowMillis) {
  Case result{question, basics(transaction, question), std::nullopt};
  Facts& move = result.move;
  std::optional<Question> leaving = leavingQuestion(transaction, question, move);
  refuseGuardedArchive(transaction, question);
  refuseToArchiveServed(transaction, identity, question, move.asset);
  std::vector<registry::RolloutArm> arms = armsAsked(transaction, question, move.asset);
  if (move.policies.empty() && !leaving) return result;  // no policy: moves of unprotected pointers stay cheap

  std::vector<std::int64_t> before = heldBefore(transaction, question);
  move.action = actionOf(question, before);
  if (question.renamedTo.empty()) move.open = findOpen(transaction, move.request(question));
  if (move.open) result.question.notBefore = std::max(question.notBefore, move.open->notBefore);
  if (move.candidate) move.evidence = evidenceOn(transaction, *move.candidate);
  fillInput(transaction, identity, question, before, move);
  for (std::size_t i = 1; i < arms.size(); ++i)
    result.arms.push_back(armFacts(transaction, identity, question, before, move, arms[i].version));
  if (leaving) {
    Facts left = basics(transaction, *leaving);
    left.action = "remove";
    left.open = move.open;
    fillInput(transaction, identity, *leaving, heldBefore(transaction, *leaving), left);
    result.leaving = std::move(left);
  }
  countApprovals(transaction, result, nowMillis);
  return result;
}

}  // namespace regesta::governance

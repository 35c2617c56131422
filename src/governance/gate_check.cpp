#include "governance/gate_check.h"

#include "base/error.h"
#include "base/time.h"
#include "crypto/hash.h"
#include "governance/requirement.h"
#include "policy/remote_opa.h"

namespace regesta::governance {

namespace {

void append(std::vector<policy::Violation>& into, const std::vector<policy::Violation>& more) {
  into.insert(into.end(), more.begin(), more.end());
}

void unite(policy::Verdict& into, const policy::Verdict& more) {
  append(into.deny, more.deny);
  append(into.warn, more.warn);
  append(into.require, more.require);
  if (!more.error.empty()) into.error += (into.error.empty() ? "" : "; ") + more.error;
}

/// Evaluates the policies of one pointer after another, and collects what they said for the decision.
struct Evaluation {
  policy::Engine& engine;
  policy::RemoteOpa* opa;
  std::int64_t now;
  bool breakGlass;  ///< a policy that cannot be had is an error of its verdict, not of the request
  json::array inputs = {}, evaluations = {};
  std::vector<WaivedViolation> waived = {};

  void run(const Facts& facts, policy::Verdict& verdict);
  /// `record`: of the evaluation.
  policy::Verdict decide(const BoundPolicy& policy, const std::string& input, json::object& record) const;
};

policy::Verdict Evaluation::decide(const BoundPolicy& policy, const std::string& input, json::object& record) const {
  if (!policy.error.empty()) return {.error = policy.error};
  if (policy.opaUrl.empty()) return engine.decide(policy.modules, input, now * 1'000'000);
  if (!opa) throw Error(Code::unavailable, "this server asks no external OPA");
  policy::RemoteAnswer answer = opa->decide(policy.opaUrl, policy.opaPath, input);
  record["opa"] = json::object{{"url", policy.opaUrl},
                               {"path", policy.opaPath},
                               {"decision_id", answer.decisionId},
                               {"input_digest", crypto::sha256Hex(input)}};
  return std::move(answer.verdict);
}

void Evaluation::run(const Facts& facts, policy::Verdict& verdict) {
  json::object input = facts.input;
  input["time"] = formatTime(now);
  std::string text = canonicalJson(input);
  for (const BoundPolicy& policy : facts.policies) {
    policy::Verdict said;
    std::string digest = policy.digest;
    json::object record{{"policy", policy.subject}, {"input", static_cast<std::int64_t>(inputs.size())}};
    try {
      said = decide(policy, text, record);
    } catch (const Error& fault) {
      if (!breakGlass || fault.code != Code::unavailable) throw;
      said.error = fault.message;
      digest.clear();  // nothing was evaluated
    }
    record["policy_digest"] = digest;
    record["verdict"] = policy::toJson(said);
    evaluations.push_back(std::move(record));
    for (WaivedViolation& one : takeWaived(said, policy.subject, facts)) waived.push_back(std::move(one));
    unite(verdict, said);
  }
  inputs.push_back(std::move(input));
}

/// A move that waits for a time has that as a further requirement.
void addSchedule(GateCheck& check, std::int64_t notBefore, std::int64_t now) {
  if (notBefore == 0) return;
  std::string time = formatTime(notBefore);
  check.verdict.require.push_back({.code = "not-before",
                                   .msg = fmt::format("the move is scheduled for {}", time),
                                   .remediation = "wait: it is carried out then",
                                   .more = {{"not_before", time}}});
  Requirement requirement{.code = "not-before", .msg = check.verdict.require.back().msg};
  requirement.remediation = check.verdict.require.back().remediation;
  requirement.needs = fmt::format("{} or later", time);
  requirement.met = now >= notBefore;
  check.requirements.push_back(std::move(requirement));
}

void seal(Decision& decision, const json::object& body) {
  decision.body = canonicalJson(body);
  decision.digest = crypto::sha256Hex(decision.body);
}

}  // namespace

void amendDecision(Decision& decision, DecisionResult result, const std::function<void(json::object& body)>& amend) {
  json::value parsed = parseJson(decision.body);
  json::object& body = parsed.as_object();
  amend(body);
  decision.result = result;
  body["result"] = resultName(result);
  seal(decision, body);
}

json::array requirementsToJson(const std::vector<Requirement>& requirements) {
  json::array list;
  for (const Requirement& requirement : requirements)
    list.push_back(json::object{{"code", requirement.code},
                                {"msg", requirement.msg},
                                {"remediation", requirement.remediation},
                                {"needs", requirement.needs},
                                {"met", requirement.met},
                                {"by", json::array(requirement.by.begin(), requirement.by.end())}});
  return list;
}

GateCheck checkGate(policy::Engine& engine, policy::RemoteOpa* opa, const Case& about, std::int64_t nowMillis) {
  GateCheck check;
  Evaluation evaluation{engine, opa, nowMillis, about.question.breakGlass};
  evaluation.run(about.move, check.verdict);
  if (about.leaving) evaluation.run(*about.leaving, check.verdict);
  check.requirements = checkRequirements(check.verdict, about.move);
  for (const Facts& arm : about.arms) {
    policy::Verdict verdict;
    evaluation.run(arm, verdict);
    for (Requirement& requirement : checkRequirements(verdict, arm))
      check.requirements.push_back(std::move(requirement));
    unite(check.verdict, verdict);
  }

  addSchedule(check, about.question.notBefore, nowMillis);
  check.waived = std::move(evaluation.waived);

  Decision& decision = check.decision;
  decision.result = check.verdict.denied()       ? DecisionResult::refused
                    : allMet(check.requirements) ? DecisionResult::allowed
                                                 : DecisionResult::pending;
  decision.key = about.question.rules();
  decision.pointer = about.question.pointer;
  decision.facts = about.digest();
  decision.at = nowMillis;
  json::object body{{"v", 1},
                    {"time", formatTime(nowMillis)},
                    {"pointer", decision.key.subject(decision.pointer)},
                    {"facts", decision.facts},
                    {"inputs", std::move(evaluation.inputs)},
                    {"evaluations", std::move(evaluation.evaluations)},
                    {"verdict", policy::toJson(check.verdict)},
                    {"requirements", requirementsToJson(check.requirements)},
                    {"result", resultName(decision.result)}};
  if (!check.waived.empty()) body["waivers"] = toJson(check.waived);
  seal(decision, body);
  return check;
}

}  // namespace regesta::governance

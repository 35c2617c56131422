#include "governance/gate_check.h"

#include "base/time.h"
#include "crypto/hash.h"
#include "governance/requirement.h"

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

/// Evaluates the policies of one pointer and adds what they said to the decision's parts.
void evaluate(policy::Engine& engine, const Facts& facts, std::int64_t nowMillis, json::array& inputs,
              json::array& evaluations, policy::Verdict& verdict) {
  json::object input = facts.input;
  input["time"] = formatTime(nowMillis);
  std::string text = canonicalJson(input);
  for (const BoundPolicy& policy : facts.policies) {
    policy::Verdict said;
    if (policy.error.empty())
      said = engine.decide(policy.modules, text, nowMillis * 1'000'000);
    else
      said.error = policy.error;
    evaluations.push_back(json::object{{"policy", policy.subject},
                                       {"policy_digest", policy.digest},
                                       {"input", static_cast<std::int64_t>(inputs.size())},
                                       {"verdict", policy::toJson(said)}});
    unite(verdict, said);
  }
  inputs.push_back(std::move(input));
}

}  // namespace

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

GateCheck checkGate(policy::Engine& engine, const Case& about, std::int64_t nowMillis) {
  GateCheck check;
  json::array inputs, evaluations;
  evaluate(engine, about.move, nowMillis, inputs, evaluations, check.verdict);
  if (about.leaving) evaluate(engine, *about.leaving, nowMillis, inputs, evaluations, check.verdict);
  check.requirements = checkRequirements(check.verdict, about.move);
  for (const Facts& arm : about.arms) {
    policy::Verdict verdict;
    evaluate(engine, arm, nowMillis, inputs, evaluations, verdict);
    for (Requirement& requirement : checkRequirements(verdict, arm))
      check.requirements.push_back(std::move(requirement));
    unite(check.verdict, verdict);
  }

  Decision& decision = check.decision;
  decision.result = check.verdict.denied()       ? DecisionResult::refused
                    : allMet(check.requirements) ? DecisionResult::allowed
                                                 : DecisionResult::pending;
  decision.key = about.question.rules();
  decision.pointer = about.question.pointer;
  decision.facts = about.digest();
  decision.at = nowMillis;
  decision.body = canonicalJson(json::object{{"v", 1},
                                             {"time", formatTime(nowMillis)},
                                             {"pointer", decision.key.subject(decision.pointer)},
                                             {"facts", decision.facts},
                                             {"inputs", std::move(inputs)},
                                             {"evaluations", std::move(evaluations)},
                                             {"verdict", policy::toJson(check.verdict)},
                                             {"requirements", requirementsToJson(check.requirements)},
                                             {"result", resultName(decision.result)}});
  decision.digest = crypto::sha256Hex(decision.body);
  return check;
}

}  // namespace regesta::governance

#include <algorithm>

#include "governance/gate.h"
#include "governance/gate_check.h"

namespace regesta::governance {

namespace {

std::string reasonLine(std::string_view msg, std::string_view code, std::string_view remediation) {
  std::string line = fmt::format("\n  - {}", msg.empty() ? code : msg);
  if (!code.empty() && !msg.empty()) line += fmt::format(" [{}]", code);
  if (!remediation.empty()) line += fmt::format(" To fix: {}", remediation);
  return line;
}

std::string replaced(std::string text, std::string_view word, std::string_view by) {
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + by.size()))
    text.replace(at, word.size(), by);
  return text;
}

std::string pointerWords(const registry::Pointer& pointer) {
  return fmt::format("{} '{}'", pointer.isStage() ? "stage" : "alias", pointer.name());
}

std::string moveWords(const Gate::Move& move) {
  std::string what =
      fmt::format("{} of {} '{}'", pointerWords(move.pointer), registry::kindName(move.key.kind), move.key.name);
  if (move.rollout) return fmt::format("The rollout of version {} to the {} does not start", move.to, what);
  return move.to == 0 ? fmt::format("The {} is not removed", what)
                      : fmt::format("The {} does not move to version {}", what, move.to);
}

}  // namespace

std::string fillRemediation(std::string remediation, const registry::AssetKey& key, std::int64_t version,
                            std::int64_t changeRequest) {
  std::string named = fmt::format("{}@{}", key.subject(), version);
  for (std::string_view place : {"KIND/NAME@VERSION", "NAME@VERSION"})
    if (version != 0) remediation = replaced(std::move(remediation), place, named);
  if (remediation.find("<id>") == std::string::npos) return remediation;
  // Without a request, no command can be run yet.
  return changeRequest == 0
             ? "no change request is open: it opens once no policy denies the move, and can be approved then"
             : replaced(std::move(remediation), "<id>", std::to_string(changeRequest));
}

std::string_view outcomeName(Gate::Outcome::Kind kind) {
  switch (kind) {
    case Gate::Outcome::Kind::moved:
      return "moved";
    case Gate::Outcome::Kind::unchanged:
      return "unchanged";
    case Gate::Outcome::Kind::refused:
      return "refused";
    case Gate::Outcome::Kind::pending:
      return "pending";
  }
  return "unchanged";
}

json::object outcomeJson(const Gate& gate, const Gate::Outcome& outcome) {
  json::object verdict = policy::toJson(outcome.verdict);
  json::array requirements = requirementsToJson(outcome.requirements);
  for (std::size_t i = 0; i < requirements.size(); ++i) {
    requirements[i].as_object()["role"] = textOrNull(outcome.requirements[i].role);
    requirements[i].as_object()["evidence"] = textOrNull(outcome.requirements[i].evidence);
  }
  verdict["require"] = std::move(requirements);
  json::object out{{"outcome", outcomeName(outcome.kind)},
                   {"from", outcome.from},
                   {"to", outcome.to},
                   {"protected", outcome.isProtected},
                   {"decision", outcome.decision.empty() ? json::value(nullptr) : json::value(outcome.decision)},
                   {"verdict", std::move(verdict)}};
  if (outcome.rollout != 0) out["rollout"] = outcome.rollout;
  if (!outcome.waived.empty()) out["waived"] = toJson(outcome.waived);
  if (outcome.breakGlass != 0) out["break_glass"] = outcome.breakGlass;
  if (outcome.changeRequest != 0)
    out["change_request"] =
        json::object{{"id", outcome.changeRequest}, {"url", gate.changeRequestUrl(outcome.changeRequest)}};
  return out;
}

std::string outcomeText(const Gate& gate, const Gate::Move& move, const Gate::Outcome& outcome) {
  if (outcome.isDone())
    return fmt::format("The {} of {} '{}' points to version {}", pointerWords(move.pointer),
                       registry::kindName(move.key.kind), move.key.name, outcome.to);
  bool refused = outcome.kind == Gate::Outcome::Kind::refused;
  std::string text = moveWords(move) + (refused ? ": the gate refuses it." : " yet.");
  if (!outcome.verdict.error.empty())
    text += reasonLine("the policy could not be evaluated: " + outcome.verdict.error, "", "");
  for (const policy::Violation& violation : outcome.verdict.deny)
    text += reasonLine(violation.msg, violation.code, violation.remediation);
  for (const Requirement& requirement : outcome.requirements) {
    if (requirement.met) continue;
    std::string msg = requirement.msg.empty() ? requirement.code : requirement.msg;
    text += reasonLine(fmt::format("still needed: {} ({})", msg, requirement.needs), requirement.code,
                       requirement.remediation);
  }
  bool approval = std::ranges::any_of(outcome.requirements, [](const Requirement& requirement) {
    return !requirement.met && !requirement.role.empty();
  });
  if (outcome.changeRequest != 0)
    text += fmt::format(
        "\nChange request {} is open: {}. It is applied automatically once nothing is missing{}", outcome.changeRequest,
        gate.changeRequestUrl(outcome.changeRequest),
        approval && !refused ? fmt::format("; approve it with: regesta approve {}", outcome.changeRequest) : "");
  if (!outcome.decision.empty()) text += fmt::format("\nDecision {}", outcome.decision);
  return text;
}

}  // namespace regesta::governance

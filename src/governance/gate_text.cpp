#include <algorithm>

#include "governance/gate.h"
#include "governance/judge.h"

namespace regesta::governance {

namespace {

std::string reasonLine(std::string_view msg, std::string_view code, std::string_view cure) {
  std::string line = fmt::format("\n  - {}", msg.empty() ? code : msg);
  if (!code.empty() && !msg.empty()) line += fmt::format(" [{}]", code);
  if (!cure.empty()) line += fmt::format(" Cure: {}", cure);
  return line;
}

std::string replaced(std::string text, std::string_view word, std::string_view by) {
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + by.size()))
    text.replace(at, word.size(), by);
  return text;
}

json::value textOrNull(const std::string& text) { return text.empty() ? json::value(nullptr) : json::value(text); }

std::string pointerWords(std::string_view pointer) {
  return pointer.starts_with("stage:") ? fmt::format("stage '{}'", pointer.substr(6))
                                       : fmt::format("alias '{}'", pointer);
}

std::string moveWords(const Gate::Move& move) {
  std::string what =
      fmt::format("{} of {} '{}'", pointerWords(move.pointer), registry::kindName(move.key.kind), move.key.name);
  if (move.rollout) return fmt::format("The rollout of version {} to the {} does not start", move.to, what);
  return move.to == 0 ? fmt::format("The {} is not removed", what)
                      : fmt::format("The {} does not move to version {}", what, move.to);
}

}  // namespace

std::string filledCure(std::string cure, const registry::AssetKey& key, std::int64_t version,
                       std::int64_t changeRequest) {
  std::string named = fmt::format("{}@{}", key.subject(), version);
  for (std::string_view place : {"KIND/NAME@VERSION", "NAME@VERSION"})
    if (version != 0) cure = replaced(std::move(cure), place, named);
  return changeRequest == 0 ? cure : replaced(std::move(cure), "<id>", std::to_string(changeRequest));
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
  if (outcome.entryId != 0) out["entry"] = outcome.entryId;
  if (outcome.rollout != 0) out["rollout"] = outcome.rollout;
  if (outcome.changeRequest != 0)
    out["change_request"] =
        json::object{{"id", outcome.changeRequest}, {"url", gate.changeRequestUrl(outcome.changeRequest)}};
  return out;
}

std::string outcomeText(const Gate& gate, const Gate::Move& move, const Gate::Outcome& outcome) {
  if (outcome.kind == Gate::Outcome::Kind::moved || outcome.kind == Gate::Outcome::Kind::unchanged)
    return fmt::format("The {} of {} '{}' stands on version {}", pointerWords(move.pointer),
                       registry::kindName(move.key.kind), move.key.name, outcome.to);
  bool refused = outcome.kind == Gate::Outcome::Kind::refused;
  std::string text = moveWords(move) + (refused ? ": the gate refuses it." : " yet.");
  if (!outcome.verdict.error.empty())
    text += reasonLine("the policy could not be evaluated: " + outcome.verdict.error, "", "");
  for (const policy::Finding& finding : outcome.verdict.deny)
    text += reasonLine(finding.msg, finding.code, finding.cure);
  for (const Requirement& requirement : outcome.requirements) {
    if (requirement.met) continue;
    std::string msg = requirement.msg.empty() ? requirement.code : requirement.msg;
    text +=
        reasonLine(fmt::format("still needed: {} ({})", msg, requirement.needs), requirement.code, requirement.cure);
  }
  bool approval = std::ranges::any_of(outcome.requirements, [](const Requirement& requirement) {
    return !requirement.met && !requirement.role.empty();
  });
  if (outcome.changeRequest != 0)
    text += fmt::format(
        "\nChange request {} is open: {}. It is carried out by itself once nothing is missing{}", outcome.changeRequest,
        gate.changeRequestUrl(outcome.changeRequest),
        approval && !refused ? fmt::format("; approve it with: regesta approve {}", outcome.changeRequest) : "");
  if (!outcome.decision.empty()) text += fmt::format("\nDecision {}", outcome.decision);
  return text;
}

}  // namespace regesta::governance

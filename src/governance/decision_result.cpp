// What lets an allowed decision allow although policies deny: waivers and break-glass moves, as the ledger has them.
#include <algorithm>

#include "base/name_pattern.h"
#include "base/time.h"
#include "governance/decision_facts.h"
#include "governance/waiver.h"

namespace regesta::governance {
namespace {

std::string waiverPlace(const std::string& workspace, std::int64_t waiver) {
  return fmt::format("{}\nwaiver/{}", workspace, waiver);
}

const json::object& inputOf(const json::object& decision, const json::object& evaluation) {
  static const json::object none;
  const json::array& inputs = memberArray(decision, "inputs");
  std::int64_t at = memberInteger(evaluation, "input");
  if (at < 0 || static_cast<std::size_t>(at) >= inputs.size()) return none;
  const json::value& input = inputs[static_cast<std::size_t>(at)];
  return input.is_object() ? input.get_object() : none;
}

/// Whether the waiver, as its ledger entry has it, is about what the input asks.
bool isAbout(const json::object& scope, const json::object& input, const std::string& workspace) {
  const json::object& pointer = memberObject(input, "pointer");
  std::string kind = memberText(scope, "kind"), pattern = memberText(scope, "name_pattern");
  if (!AssetPattern{workspace, kind, pattern}.covers(workspace, memberText(pointer, "kind"),
                                                     memberText(pointer, "name")))
    return false;
  if (memberText(scope, "pointer") != memberText(pointer, "pointer")) return false;
  std::int64_t wanted = memberInteger(scope, "version");
  const json::object& candidate = memberObject(input, "candidate");
  return wanted == 0 ||
         wanted == memberInteger(candidate.empty() ? memberObject(input, "current") : candidate, "version");
}

}  // namespace

void DecisionFacts::takeWaiver(registry::Action action, const std::string& workspace, const std::string& subject,
                               const json::object& data) {
  Granted& granted = waivers_[fmt::format("{}\n{}", workspace, subject)];
  if (action == registry::Action::waiverGranted) {
    granted.at = count_;
    granted.scope = data;
  } else {
    granted.revokedAt = count_;
  }
}

bool DecisionFacts::isWaived(const json::object& decision, const json::object& evaluation,
                             const json::object& violation, const std::string& workspace, std::int64_t until) const {
  std::string policy = memberText(evaluation, "policy"), code = memberText(violation, "code");
  const json::array& used = memberArray(decision, "waivers");
  auto cited = std::ranges::find_if(used, [&](const json::value& item) {
    return item.is_object() && memberText(item.get_object(), "policy") == policy &&
           memberText(item.get_object(), "code") == code &&
           memberText(item.get_object(), "msg") == memberText(violation, "msg");
  });
  if (cited == used.end()) return false;
  auto found = waivers_.find(waiverPlace(workspace, memberInteger(cited->get_object(), "waiver")));
  if (found == waivers_.end()) return false;
  const Granted& granted = found->second;
  if (granted.at == 0 || granted.at > until || (granted.revokedAt != 0 && granted.revokedAt <= until)) return false;
  const json::object& scope = granted.scope;
  std::string only = memberText(scope, "policy"), of = memberText(scope, "code"), role = memberText(scope, "role");
  auto expires = parseTime(memberText(scope, "expires_at")), decided = parseTime(memberText(decision, "time"));
  return letsPass({only, of, role}, policy, code, violation) &&
         isAbout(scope, inputOf(decision, evaluation), workspace) && expires && decided && *expires > *decided;
}

std::string DecisionFacts::faultOfResult(const json::object& decision, std::string_view digest,
                                         const std::string& workspace, std::int64_t until) const {
  std::string fault;
  for (const json::value& item : memberArray(decision, "evaluations")) {
    if (!item.is_object()) continue;
    const json::object& evaluation = item.get_object();
    const json::object& verdict = memberObject(evaluation, "verdict");
    if (!memberText(verdict, "error").empty()) fault = fmt::format("{} failed", memberText(evaluation, "policy"));
    for (const json::value& violation : memberArray(verdict, "deny"))
      if (violation.is_object() && !isWaived(decision, evaluation, violation.get_object(), workspace, until))
        fault = fmt::format("{} denied it ({}), and no waiver of the ledger covers that",
                            memberText(evaluation, "policy"), memberText(violation.get_object(), "code"));
  }
  for (const json::value& item : memberArray(decision, "requirements"))
    if (const json::object* requirement = item.if_object())
      if (const json::value* met = requirement->if_contains("met"); met && met->is_bool() && !met->as_bool())
        fault = fmt::format("{} was missing", memberText(*requirement, "code"));
  if (fault.empty()) return {};
  auto broken = brokeGlass_.find(digest);
  return broken != brokeGlass_.end() && broken->second <= until ? std::string() : fault;
}

}  // namespace regesta::governance

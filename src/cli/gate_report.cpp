#include "cli/gate_report.h"

#include <fmt/format.h>

#include "cli/refusal.h"
#include "cli/table.h"

namespace regesta::cli {
namespace {

GateFinding findingOf(const json::value& value, GateFinding::Level level) {
  if (!value.is_object()) return {level, "", json::serialize(value), "", "", {}};
  const json::object& object = value.get_object();
  GateFinding finding{level, member(object, "code"), member(object, "msg"), "", member(object, "remediation"), {}};
  if (finding.msg.empty()) finding.msg = finding.code;
  if (level != GateFinding::Level::pending) return finding;
  for (const json::value& by : memberArray(object, "by"))
    if (by.is_string()) finding.by.emplace_back(by.get_string());
  if (isMet(object)) {
    finding.level = GateFinding::Level::passed;
    finding.remediation.clear();
  } else {
    finding.needs = member(object, "needs");
    if (finding.needs == finding.msg) finding.needs.clear();
  }
  return finding;
}

}  // namespace

std::string GateReport::title() const { return fmt::format("{}@{} → {}: {}", asset, to, pointer, outcome); }

std::vector<GateFinding> readFindings(const json::object& verdict) {
  std::vector<GateFinding> findings;
  if (std::string fault = member(verdict, "error"); !fault.empty())
    findings.push_back({GateFinding::Level::error,
                        "policy-error",
                        "the policy could not be evaluated: " + fault,
                        "",
                        "correct the policy, then run the gate again",
                        {}});
  using FindingLevel = GateFinding::Level;
  for (auto [set, level] : {std::pair("deny", FindingLevel::error), std::pair("require", FindingLevel::pending),
                            std::pair("warn", FindingLevel::warning)})
    for (const json::value& value : memberArray(verdict, set)) findings.push_back(findingOf(value, level));
  return findings;
}

GateReport readGateReport(const Reference& version, std::string_view pointer, const json::object& answer) {
  GateReport report;
  report.asset = version.asset();
  report.pointer = pointer;
  report.outcome = member(answer, "outcome");
  report.from = member(answer, "from");
  report.to = member(answer, "to");
  report.decision = member(answer, "decision");
  if (const json::value* request = answer.if_contains("change_request"); request && request->is_object()) {
    report.changeRequest = member(request->get_object(), "id");
    report.url = member(request->get_object(), "url");
  }
  if (const json::value* verdict = answer.if_contains("verdict"); verdict && verdict->is_object())
    report.findings = readFindings(verdict->get_object());
  return report;
}

}  // namespace regesta::cli

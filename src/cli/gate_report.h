#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "cli/reference.h"

namespace regesta::cli {

/// One line of a gate's decision: a violation, a warning, or a requirement that is met or still missing.
struct GateFinding {
  enum class Level { error, pending, warning, passed };
  Level level = Level::error;
  std::string code, msg, needs, remediation;
  std::vector<std::string> by;

  bool isOpen() const { return level == Level::error || level == Level::pending; }
};

/// What `regesta gate` found out, before it is written in one of the formats that CI systems read.
struct GateReport {
  std::string asset;    ///< model/loan-risk
  std::string pointer;  ///< production, or stage:Production
  std::string file;     ///< the file that annotations point to
  /// allowed (a check), moved, unchanged, refused, pending; or how the change request ended: rejected, withdrawn,
  /// stale.
  std::string outcome;
  std::string from, to;  ///< version numbers; "0": none
  std::string decision, changeRequest, url, closedReason;
  std::vector<GateFinding> findings;
  bool pendingAllowed = false;

  bool isDone() const { return outcome == "allowed" || outcome == "moved" || outcome == "unchanged"; }
  bool isGood() const { return isDone() || (outcome == "pending" && pendingAllowed); }
  /// "model/loan-risk@3 → production: refused"
  std::string title() const;
};

/// Reads the gate's answer, or the detail of its refusal: {"outcome","from","to","verdict",…}.
GateReport readGateReport(const Reference& version, std::string_view pointer, const json::object& answer);
/// The findings of a verdict, errors first.
std::vector<GateFinding> readFindings(const json::object& verdict);

/// The report as text, json, junit, sarif, github, gitlab, markdown or dotenv. Throws UsageError for another format.
std::string formatReport(const GateReport& report, std::string_view format);
bool isReportFormat(std::string_view format);
inline constexpr std::string_view reportFormats = "text, json, junit, sarif, github, gitlab, markdown or dotenv";

}  // namespace regesta::cli

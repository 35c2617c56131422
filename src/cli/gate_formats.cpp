// The report of `regesta gate` in the formats of CI systems. What a policy says is foreign text in all of them: it is
// escaped so that it stays text.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "cli/arguments.h"
#include "cli/gate_report.h"
#include "cli/lint_report.h"
#include "cli/table.h"
#include "crypto/hash.h"

namespace regesta::cli {
namespace {

using FindingLevel = GateFinding::Level;

std::string ruleIdOf(const GateFinding& finding) { return finding.code.empty() ? "regesta-gate" : finding.code; }

/// The finding in one paragraph: what, what it still needs, how to fix it.
std::string sentence(const GateFinding& finding) {
  std::string text = finding.msg;
  if (!finding.needs.empty()) text += fmt::format(" (needs {})", finding.needs);
  if (!finding.remediation.empty()) text += fmt::format("\nTo fix: {}", finding.remediation);
  return text;
}

/// The findings, and one for an outcome that none of them explains: a rejected request, a requirement that ran late.
std::vector<GateFinding> explained(const GateReport& report) {
  std::vector<GateFinding> findings = report.findings;
  if (report.isGood()) return findings;
  bool ended = report.outcome != "refused" && report.outcome != "pending";
  if (ended)
    findings.insert(findings.begin(),
                    {FindingLevel::error,
                     "change-request-" + report.outcome,
                     fmt::format("change request {} was closed as {}{}{}", report.changeRequest, report.outcome,
                                 report.closedReason.empty() ? "" : ": ", report.closedReason),
                     "",
                     "run the pipeline again to open a new change request",
                     {}});
  return findings;
}

bool isFailure(const GateReport& report, const GateFinding& finding) {
  return finding.level == FindingLevel::error || (finding.level == FindingLevel::pending && !report.isGood());
}

std::string textReport(const GateReport& report) {
  bool good = report.isGood();
  std::string text = fmt::format("{}@{} → {}: {}\n", printable(report.asset), report.to, printable(report.pointer),
                                 paint(report.outcome, good ? Colour::green : Colour::red));
  for (const GateFinding& finding : explained(report)) {
    auto [mark, colour] = finding.level == FindingLevel::error     ? std::pair("✗", Colour::red)
                          : finding.level == FindingLevel::pending ? std::pair("…", Colour::yellow)
                          : finding.level == FindingLevel::warning ? std::pair("!", Colour::yellow)
                                                                   : std::pair("✓", Colour::green);
    text += fmt::format("  {} {}\n", paint(mark, colour), printable(finding.msg));
    if (!finding.needs.empty()) text += fmt::format("      needs {}\n", printable(finding.needs));
    for (const std::string& by : finding.by) text += fmt::format("      {}\n", paint("by " + by, Colour::dim));
    if (!finding.remediation.empty())
      text += fmt::format("      {}\n", paint("to fix: " + finding.remediation, Colour::cyan));
  }
  if (!report.changeRequest.empty())
    text += fmt::format("change request {}: {}\n", report.changeRequest, printable(report.url));
  return text;
}

std::string_view levelName(FindingLevel level) {
  switch (level) {
    case FindingLevel::error:
      return "error";
    case FindingLevel::pending:
      return "pending";
    case FindingLevel::warning:
      return "warning";
    case FindingLevel::passed:
      return "passed";
  }
  return "error";
}

std::string jsonReport(const GateReport& report) {
  json::array findings;
  for (const GateFinding& finding : explained(report)) {
    json::array by;
    for (const std::string& one : finding.by) by.emplace_back(one);
    findings.push_back(json::object{{"level", levelName(finding.level)},
                                    {"code", finding.code},
                                    {"msg", finding.msg},
                                    {"needs", finding.needs},
                                    {"remediation", finding.remediation},
                                    {"by", std::move(by)}});
  }
  json::object object{{"asset", report.asset},
                      {"pointer", report.pointer},
                      {"outcome", report.outcome},
                      {"ok", report.isGood()},
                      {"from", std::atoll(report.from.c_str())},
                      {"to", std::atoll(report.to.c_str())},
                      {"decision", report.decision.empty() ? json::value(nullptr) : json::value(report.decision)},
                      {"findings", std::move(findings)}};
  if (!report.changeRequest.empty())
    object["change_request"] = json::object{{"id", std::atoll(report.changeRequest.c_str())}, {"url", report.url}};
  return writeJson(json::value(std::move(object))) + "\n";
}

std::string junitReport(const GateReport& report) {
  std::string cases;
  std::size_t tests = 0, failures = 0, skipped = 0;
  auto add = [&](const std::string& name, const std::string& inside) {
    ++tests;
    cases += fmt::format("    <testcase classname=\"regesta.gate\" name=\"{}\" time=\"0\"", xmlText(name));
    cases += inside.empty() ? "/>\n" : fmt::format(">\n{}    </testcase>\n", inside);
  };
  for (const GateFinding& finding : explained(report)) {
    std::string name = fmt::format("{}: {}", ruleIdOf(finding), finding.msg);
    std::string text = xmlText(sentence(finding)), inside;
    if (isFailure(report, finding)) {
      ++failures;
      inside = fmt::format("      <failure type=\"{}\" message=\"{}\">{}</failure>\n", levelName(finding.level),
                           xmlText(finding.msg), text);
    } else if (finding.level == FindingLevel::pending) {
      ++skipped;
      inside = fmt::format("      <skipped message=\"{}\"/>\n", text);
    } else if (finding.level == FindingLevel::warning) {
      inside = fmt::format("      <system-out>{}</system-out>\n", text);
    }
    add(name, inside);
  }
  if (failures == 0 && !report.isGood()) {
    ++failures;
    add("gate", fmt::format("      <failure type=\"error\" message=\"{}\"/>\n", xmlText(report.title())));
  } else if (tests == 0) {
    add("gate", "");
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"{0}\" failures=\"{1}\">\n  <testsuite "
      "name=\"{2}\" tests=\"{0}\" failures=\"{1}\" errors=\"0\" skipped=\"{3}\" time=\"0\">\n{4}  "
      "</testsuite>\n</testsuites>\n",
      tests, failures, xmlText(report.title()), skipped, cases);
}

std::string fingerprint(const GateReport& report, const GateFinding& finding) {
  std::string identity = fmt::format("{}\n{}\n{}\n{}", report.asset, report.pointer, finding.code, finding.msg);
  return crypto::sha256Hex(identity);
}

std::string sarifReport(const GateReport& report) {
  json::array results, rules;
  std::set<std::string> named;
  for (const GateFinding& finding : explained(report)) {
    if (finding.level == FindingLevel::passed) continue;
    std::string code = ruleIdOf(finding);
    if (named.insert(code).second) {
      json::object rule{{"id", code}};
      if (!finding.remediation.empty()) rule["help"] = json::object{{"text", finding.remediation}};
      rules.push_back(std::move(rule));
    }
    json::object place{{"artifactLocation", json::object{{"uri", report.file}}},
                       {"region", json::object{{"startLine", 1}}}};
    results.push_back(
        json::object{{"ruleId", code},
                     {"level", isFailure(report, finding)               ? "error"
                               : finding.level == FindingLevel::warning ? "warning"
                                                                        : "note"},
                     {"message", json::object{{"text", fmt::format("{}@{} → {}: {}", report.asset, report.to,
                                                                   report.pointer, sentence(finding))}}},
                     {"locations", json::array{json::object{{"physicalLocation", std::move(place)}}}},
                     {"partialFingerprints", json::object{{"regestaGate/v1", fingerprint(report, finding)}}}});
  }
  json::object driver{{"name", "regesta gate"}, {"rules", std::move(rules)}};
  json::object run{{"tool", json::object{{"driver", std::move(driver)}}}, {"results", std::move(results)}};
  return writeJson(json::value(json::object{{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                                            {"version", "2.1.0"},
                                            {"runs", json::array{std::move(run)}}})) +
         "\n";
}

std::string replacing(std::string_view text, std::initializer_list<std::pair<char, std::string_view>> escapes) {
  std::string out;
  for (char c : text) {
    const auto* found = std::ranges::find(escapes, c, &std::pair<char, std::string_view>::first);
    if (found == escapes.end())
      out += c;
    else
      out += found->second;
  }
  return out;
}

/// Workflow commands: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
std::string commandData(std::string_view text) { return replacing(text, {{'%', "%25"}, {'\r', "%0D"}, {'\n', "%0A"}}); }

std::string commandProperty(std::string_view text) {
  return replacing(text, {{'%', "%25"}, {'\r', "%0D"}, {'\n', "%0A"}, {':', "%3A"}, {',', "%2C"}});
}

std::string githubReport(const GateReport& report) {
  std::string text;
  auto add = [&](std::string_view kind, const std::string& title, const std::string& message) {
    text += fmt::format("::{} file={},line=1,title={}::{}\n", kind, commandProperty(report.file),
                        commandProperty(title), commandData(message));
  };
  for (const GateFinding& finding : explained(report)) {
    if (finding.level == FindingLevel::passed) continue;
    add(isFailure(report, finding)               ? "error"
        : finding.level == FindingLevel::warning ? "warning"
                                                 : "notice",
        fmt::format("{} ({})", report.title(), ruleIdOf(finding)), sentence(finding));
  }
  std::string outcome = report.title();
  if (!report.changeRequest.empty()) outcome += fmt::format(", change request {} {}", report.changeRequest, report.url);
  add(report.isGood() ? "notice" : "error", "Regesta gate", outcome);
  return text;
}

/// https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
std::string gitlabReport(const GateReport& report) {
  json::array issues;
  std::set<std::string> seen;  // GitLab drops issues with equal fingerprints
  for (const GateFinding& finding : explained(report)) {
    if (finding.level == FindingLevel::passed) continue;
    std::string print = fingerprint(report, finding);
    if (!seen.insert(print).second) continue;
    issues.push_back(json::object{
        {"description", fmt::format("{}@{} → {}: {}", report.asset, report.to, report.pointer, sentence(finding))},
        {"check_name", ruleIdOf(finding)},
        {"fingerprint", print},
        {"severity", isFailure(report, finding)               ? "blocker"
                     : finding.level == FindingLevel::warning ? "minor"
                                                              : "info"},
        {"location", json::object{{"path", report.file}, {"lines", json::object{{"begin", 1}}}}}});
  }
  return writeJson(json::value(std::move(issues))) + "\n";
}

/// Text that Markdown shows as it is, in one line: no markup, no link, no mention, no HTML.
std::string markdownText(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (std::string_view("&<>|`*_[]@#~\\!").find(c) != std::string_view::npos)
      out += fmt::format("&#{};", static_cast<int>(c));
    else
      out += c == '\n' || c == '\r' ? ' ' : c;
  }
  return out;
}

std::string markdownReport(const GateReport& report) {
  std::string text = fmt::format("### {} Regesta gate: {}@{} → {}\n\n**{}**",
                                 report.isGood()               ? "✅"
                                 : report.outcome == "pending" ? "⏳"
                                                               : "❌",
                                 markdownText(report.asset), report.to, markdownText(report.pointer), report.outcome);
  if (!report.from.empty() && report.from != "0") text += fmt::format(" (was version {})", report.from);
  if (!report.changeRequest.empty())
    text += fmt::format(" · [change request {}](<{}>)", report.changeRequest,
                        replacing(report.url, {{'<', "%3C"}, {'>', "%3E"}, {'\n', ""}}));
  text += "\n\n";
  std::vector<GateFinding> findings = explained(report);
  if (findings.empty()) return text + "No policy denies or requires anything.\n";
  text += "| | check | result | to fix |\n| --- | --- | --- | --- |\n";
  for (const GateFinding& finding : findings) {
    std::string_view mark = finding.level == FindingLevel::error     ? "❌"
                            : finding.level == FindingLevel::pending ? "⏳"
                            : finding.level == FindingLevel::warning ? "⚠️"
                                                                     : "✅";
    std::string result = finding.msg;
    if (!finding.needs.empty()) result += fmt::format(" (needs {})", finding.needs);
    if (!finding.by.empty()) result += fmt::format(" (by {})", fmt::join(finding.by, ", "));
    text += fmt::format("| {} | {} | {} | {} |\n", mark, markdownText(ruleIdOf(finding)), markdownText(result),
                        markdownText(finding.remediation));
  }
  if (!report.decision.empty()) text += fmt::format("\nDecision `{}`\n", markdownText(report.decision));
  return text;
}

/// Variables for later jobs: $GITHUB_OUTPUT, or `artifacts:reports:dotenv` of GitLab.
std::string dotenvReport(const GateReport& report) {
  std::string text;
  auto add = [&](std::string_view name, std::string value) {
    std::erase_if(value, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
    text += fmt::format("REGESTA_{}={}\n", name, value);
  };
  add("OUTCOME", report.outcome);
  add("ASSET", report.asset);
  add("VERSION", report.to);
  add("PREVIOUS_VERSION", report.from);
  add("DECISION", report.decision);
  add("CHANGE_REQUEST", report.changeRequest);
  add("CHANGE_REQUEST_URL", report.url);
  return text;
}

using Writer = std::string (*)(const GateReport&);

Writer writerOf(std::string_view format) {
  static constexpr std::pair<std::string_view, Writer> writers[] = {
      {"text", textReport},     {"json", jsonReport},     {"junit", junitReport},       {"sarif", sarifReport},
      {"github", githubReport}, {"gitlab", gitlabReport}, {"markdown", markdownReport}, {"dotenv", dotenvReport}};
  const auto* found = std::ranges::find(writers, format, &std::pair<std::string_view, Writer>::first);
  return found == std::end(writers) ? nullptr : found->second;
}

}  // namespace

bool isReportFormat(std::string_view format) { return writerOf(format) != nullptr; }

std::string formatReport(const GateReport& report, std::string_view format) {
  Writer writer = writerOf(format);
  if (!writer) throw UsageError(fmt::format("\"{}\" is not a format: {}", format, reportFormats));
  return writer(report);
}

}  // namespace regesta::cli

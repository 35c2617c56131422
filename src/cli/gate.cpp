// regesta gate: checks or performs a promotion from a pipeline, and reports in the formats of CI systems.
#include <chrono>
#include <fstream>
#include <thread>

#include "cli/commands.h"
#include "cli/duration.h"
#include "cli/gate_report.h"
#include "cli/pointer_move.h"

namespace regesta::cli {
namespace {

using Clock = std::chrono::steady_clock;

struct Output {
  std::string format, file;  ///< file empty: stdout
};

std::vector<Output> outputsOf(const Session& session) {
  std::vector<Output> outputs;
  for (const std::string& text : session.args.all("output")) {
    auto split = text.find('=');
    Output output{text.substr(0, split), split == std::string::npos ? "" : text.substr(split + 1)};
    if (!isReportFormat(output.format))
      throw UsageError(
          fmt::format("--output is FORMAT or FORMAT=FILE, FORMAT one of {}, not \"{}\"", reportFormats, text));
    if (output.file == "-") output.file.clear();
    outputs.push_back(std::move(output));
  }
  bool shown = session.json();
  for (const Output& output : outputs) shown |= output.file.empty();
  if (session.json()) outputs.insert(outputs.begin(), {"json", ""});
  if (!shown) outputs.insert(outputs.begin(), {"text", ""});
  return outputs;
}

/// Files that a GitHub runner shares between steps: what other steps wrote there stays.
bool isShared(const std::string& file) {
  for (const char* name : {"GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT", "GITHUB_ENV"})
    if (const char* path = std::getenv(name); path && file == path) return true;
  return false;
}

void write(const std::vector<Output>& outputs, const GateReport& report) {
  for (const Output& output : outputs) {
    std::string text = formatReport(report, output.format);
    if (output.file.empty()) {
      fmt::print("{}", text);
      continue;
    }
    std::ofstream out(output.file, std::ios::binary | (isShared(output.file) ? std::ios::app : std::ios::trunc));
    out << text;
    if (!out.flush()) throw error(Code::invalid, "cannot write {}", output.file);
  }
}

int finish(const std::vector<Output>& outputs, GateReport report, const Session& session) {
  report.file = session.args.has("file") ? session.args.text("file") : report.asset;
  write(outputs, report);
  if (report.isGood()) return Exit::done;
  return report.outcome == "pending" ? Exit::pending : Exit::refused;
}

/// The pointer as the API takes it: an alias's name, or stage:NAME.
std::string pointerOf(const Session& session, const Reference& version) {
  constexpr std::string_view alias = "alias:";
  std::string pointer = aliasOf(session, version, "to");
  return pointer.starts_with(alias) ? pointer.substr(alias.size()) : pointer;
}

int check(Session& session) {
  std::vector<Output> outputs = outputsOf(session);
  Reference version = session.version();
  std::string pointer = pointerOf(session, version);
  json::value answer = session.api().post(route({"policies", "eval"}),
                                          json::object{{"pointer", json::object{{"kind", version.kind},
                                                                                {"name", version.name},
                                                                                {"alias", pointer},
                                                                                {"version", version.selector}}}});
  GateReport report = readGateReport(version, pointer, answer.as_object());
  if (report.outcome == "moved") report.outcome = "allowed";
  report.pendingAllowed = session.args.flag("allow-pending");
  return finish(outputs, std::move(report), session);
}

/// Moves the pointer, or opens a change request, or is refused: each as a report.
GateReport move(Session& session, const Reference& version, const std::string& pointer) {
  try {
    return readGateReport(version, pointer, moveAlias(session, version, pointer, version.selector));
  } catch (const Error& fault) {
    if (fault.code != Code::refused || fault.detail.empty()) throw;
    json::value detail = parseJson(fault.detail);
    if (!detail.is_object() || !detail.get_object().contains("outcome")) throw;
    return readGateReport(version, pointer, detail.get_object());
  }
}

void sayWhatIsMissing(const GateReport& report, std::string& said) {
  std::string missing;
  for (const GateFinding& finding : report.findings)
    if (finding.isOpen())
      missing += fmt::format("\n  … {}", printable(finding.needs.empty() ? finding.msg : finding.needs));
  if (missing == said) return;
  said = missing;
  fmt::print(stderr, "waiting for change request {} {}{}\n", report.changeRequest, printable(report.url), missing);
}

/// Brings the report up to date with its change request; false while that is open.
bool refresh(Session& session, GateReport& report) {
  json::value value = session.api().get(route({"change-requests", report.changeRequest}));
  const json::object& request = value.as_object();
  if (const json::value* verdict = request.if_contains("verdict"); verdict && verdict->is_object())
    report.findings = readFindings(verdict->get_object());
  if (std::string decision = member(request, "decision"); !decision.empty()) report.decision = decision;
  std::string status = member(request, "status");
  if (status == "open") return false;
  report.outcome = status == "applied" ? "moved" : status;
  report.closedReason = member(request, "closed_reason");
  return true;
}

/// A fault that passes: a server that restarts, a limit of requests.
bool mayPass(Code code) { return code == Code::unavailable || code == Code::exhausted || code == Code::internal; }

void awaitRequest(Session& session, GateReport& report, std::chrono::seconds wait) {
  constexpr std::chrono::milliseconds firstPause{250}, longestPause{10'000};
  auto end = Clock::now() + wait;
  std::chrono::milliseconds pause = firstPause;
  std::string said;
  bool away = false;
  sayWhatIsMissing(report, said);
  while (Clock::now() < end) {
    std::this_thread::sleep_for(std::min(
        pause,
        std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()) + std::chrono::milliseconds(1)));
    pause = std::min(pause * 2, longestPause);
    try {
      if (refresh(session, report)) return;
      away = false;
      sayWhatIsMissing(report, said);
    } catch (const Error& fault) {
      if (!mayPass(fault.code)) throw;
      if (!away) fmt::print(stderr, "still waiting: {}\n", printable(fault.message));
      away = true;
    }
  }
}

int promote(Session& session) {
  std::vector<Output> outputs = outputsOf(session);
  std::chrono::seconds wait(session.args.has("wait") ? readSeconds(session.args.text("wait"), "wait") : 0);
  Reference version = session.version();
  std::string pointer = pointerOf(session, version);
  GateReport report = move(session, version, pointer);
  report.pendingAllowed = session.args.flag("allow-pending");
  if (report.outcome == "pending" && wait.count() > 0) awaitRequest(session, report, wait);
  return finish(outputs, std::move(report), session);
}

constexpr const char* codes =
    "Exit codes: 0 the gate allows it or the alias points there; 3 a policy denies it, the change request was "
    "rejected, "
    "withdrawn or became stale, or access is denied; 6 approvals or evidence are still missing; 2 usage; 4 the version "
    "does not exist; 1 everything else, for example a server that cannot be reached. Formats: text, json, junit, sarif "
    "(code scanning), github (annotations), gitlab (code quality), markdown (a summary) and dotenv (variables for "
    "later "
    "jobs). docs/ci.md shows them.";

}  // namespace

Commands gateCommands() {
  Operand version = {"VERSION", "KIND/NAME@VERSION; without a kind, a model"};
  std::vector<Option> options = {{"to", "POINTER", "alias:NAME, NAME or stage:NAME (default production)"},
                                 {.name = "output",
                                  .value = "FORMAT[=FILE]",
                                  .about = "write the result in a format, to a file or stdout",
                                  .letter = 'o',
                                  .many = true},
                                 {"file", "PATH", "file that annotations point to (default: the asset's name)"},
                                 {"allow-pending", "", "exit with 0 if only approvals or evidence are missing"}};
  std::vector<Option> promoting = options;
  promoting.push_back({"reason", "TEXT", "reason, stored in the ledger entry", 'm'});
  promoting.push_back({"wait", "TIME", "wait for approvals and evidence: 90s, 30m or 2h (default 0s)"});
  return {
      {.path = "gate check",
       .summary = "check in a pipeline whether a version may move to an alias; changes nothing",
       .operands = {version},
       .options = options,
       .examples = {"regesta gate check loan-risk@latest --to alias:production --allow-pending",
                    "regesta gate check loan-risk@3 -o junit=gate.xml -o sarif=gate.sarif -o github"},
       .run = check,
       .more = codes},
      {.path = "gate promote",
       .summary = "move an alias to a version in a pipeline, waiting for approvals if asked to",
       .operands = {version},
       .options = promoting,
       .examples = {"regesta gate promote loan-risk@latest --to stage:Staging",
                    "regesta gate promote loan-risk@3 --to alias:production --wait 30m -o junit=gate.xml"},
       .run = promote,
       .more = codes},
  };
}

}  // namespace regesta::cli

#include "policy/report.h"

#include <fmt/format.h>

#include <algorithm>

namespace regesta::policy {
namespace {

constexpr std::string_view red = "\033[31m", green = "\033[32m", yellow = "\033[33m", bold = "\033[1m",
                           plain = "\033[0m";

class Painter {
 public:
  explicit Painter(bool colour) : colour_(colour) {}
  std::string operator()(std::string_view code, std::string_view text) const {
    return colour_ ? fmt::format("{}{}{}", code, text, plain) : std::string(text);
  }

 private:
  bool colour_;
};

std::string where(const Place& place) {
  if (place.row == 0) return place.file.empty() ? std::string() : place.file + ": ";
  return fmt::format("{}:{}:{}: ", place.file, place.row, place.column);
}

std::string_view colourOf(Outcome outcome) {
  return outcome == Outcome::passed ? green : outcome == Outcome::skipped ? yellow : red;
}

std::string_view wordOf(Outcome outcome) {
  switch (outcome) {
    case Outcome::passed:
      return "PASS";
    case Outcome::failed:
      return "FAIL";
    case Outcome::error:
      return "ERROR";
    case Outcome::skipped:
      return "SKIP";
  }
  return "";
}

/// Neighbouring lines as ranges: "4-7, 12".
std::string ranges(const std::vector<int>& lines) {
  std::string out;
  for (std::size_t i = 0; i < lines.size();) {
    auto last = i;
    while (last + 1 < lines.size() && lines[last + 1] == lines[last] + 1) ++last;
    if (!out.empty()) out += ", ";
    out += last == i ? fmt::format("{}", lines[i]) : fmt::format("{}-{}", lines[i], lines[last]);
    i = last + 1;
  }
  return out;
}

void appendIndented(std::string& out, std::string_view text) {
  for (std::size_t at = 0; at <= text.size();) {
    auto end = std::min(text.find('\n', at), text.size());
    out += fmt::format("    {}\n", text.substr(at, end - at));
    at = end + 1;
  }
}

json::object placeToJson(const Place& place) {
  return {{"file", place.file}, {"row", place.row}, {"col", place.column}};
}

json::array numbers(const std::vector<int>& list) { return json::array(list.begin(), list.end()); }

void appendCoverage(std::string& out, const TestReport& report) {
  for (const auto& file : report.coverage) {
    out += fmt::format("{}: {:.0f} % covered", file.file, file.percent());
    if (!file.notCovered.empty()) out += fmt::format(", not run: {}", ranges(file.notCovered));
    out += '\n';
  }
}

}  // namespace

bool CheckReport::ok() const { return std::ranges::all_of(problems, &Problem::warning); }

bool CheckReport::needsOpa() const {
  return !ok() && std::ranges::all_of(problems, [](const Problem& p) { return p.warning || p.needsOpa; });
}

std::string_view outcomeName(Outcome outcome) {
  switch (outcome) {
    case Outcome::passed:
      return "passed";
    case Outcome::failed:
      return "failed";
    case Outcome::error:
      return "error";
    case Outcome::skipped:
      return "skipped";
  }
  return "";
}

double FileCoverage::percent() const {
  auto all = covered.size() + notCovered.size();
  return all == 0 ? 100.0 : 100.0 * static_cast<double>(covered.size()) / static_cast<double>(all);
}

std::size_t TestReport::count(Outcome outcome) const {
  return static_cast<std::size_t>(std::ranges::count(cases, outcome, &TestCase::outcome));
}

bool TestReport::ok() const { return error.empty() && count(Outcome::failed) == 0 && count(Outcome::error) == 0; }

double TestReport::percent() const {
  std::size_t covered = 0, all = 0;
  for (const auto& file : coverage) {
    covered += file.covered.size();
    all += file.covered.size() + file.notCovered.size();
  }
  return all == 0 ? 100.0 : 100.0 * static_cast<double>(covered) / static_cast<double>(all);
}

std::string toText(const CheckReport& report, bool colour) {
  Painter paint(colour);
  std::string out;
  for (const auto& problem : report.problems) {
    auto word = problem.warning ? paint(yellow, "warning: ") : std::string();
    out +=
        fmt::format("{}{}{}: {}\n", paint(bold, where(problem.place)), word, paint(red, problem.code), problem.message);
    if (!problem.hint.empty()) out += fmt::format("    {}\n", problem.hint);
  }
  return out;
}

std::string toText(const TestReport& report, bool colour, bool verbose, bool coverage) {
  Painter paint(colour);
  if (!report.error.empty()) return fmt::format("{} {}\n", paint(red, "ERROR"), report.error);
  std::string out;
  for (const auto& test : report.cases) {
    bool bad = test.outcome == Outcome::failed || test.outcome == Outcome::error;
    if (!bad && !verbose) continue;
    out += fmt::format("{} {}.{}", paint(colourOf(test.outcome), wordOf(test.outcome)), test.package, test.name);
    out +=
        test.outcome == Outcome::skipped ? "\n" : fmt::format(" ({:.1f} ms)\n", static_cast<double>(test.nanos) / 1e6);
    if (!test.message.empty()) appendIndented(out, test.message);
    for (const auto& line : test.prints) appendIndented(out, line);
  }
  if (coverage) appendCoverage(out, report);
  out += fmt::format("{} passed, {} failed, {} in error, {} skipped", report.count(Outcome::passed),
                     report.count(Outcome::failed), report.count(Outcome::error), report.count(Outcome::skipped));
  if (!report.coverage.empty()) out += fmt::format(", {:.0f} % of the lines covered", report.percent());
  return out + "\n";
}

json::object toJson(const CheckReport& report) {
  json::array problems;
  for (const auto& p : report.problems)
    problems.push_back(json::object{{"location", placeToJson(p.place)},
                                    {"code", p.code},
                                    {"message", p.message},
                                    {"hint", p.hint},
                                    {"warning", p.warning},
                                    {"needs_opa", p.needsOpa}});
  json::array packages(report.packages.begin(), report.packages.end());
  return {{"ok", report.ok()}, {"needs_opa", report.needsOpa()}, {"problems", problems}, {"packages", packages}};
}

json::object toJson(const TestReport& report) {
  json::array cases, files;
  for (const auto& t : report.cases)
    cases.push_back(json::object{{"location", placeToJson(t.place)},
                                 {"package", t.package},
                                 {"name", t.name},
                                 {"outcome", outcomeName(t.outcome)},
                                 {"message", t.message},
                                 {"prints", json::array(t.prints.begin(), t.prints.end())},
                                 {"duration", t.nanos}});
  for (const auto& f : report.coverage)
    files.push_back(json::object{{"file", f.file},
                                 {"covered", numbers(f.covered)},
                                 {"not_covered", numbers(f.notCovered)},
                                 {"percent", f.percent()}});
  json::object out{{"ok", report.ok()}, {"tests", cases}, {"coverage", files}, {"percent", report.percent()}};
  if (!report.error.empty()) out["error"] = report.error;
  return out;
}

}  // namespace regesta::policy

#include "cli/lint_report.h"

#include <set>

#include <fmt/format.h>

namespace regesta::cli {
namespace {

bool isError(const FileProblem& one) { return one.problem.severity == prompt::Severity::error; }

json::object problemJson(const FileProblem& one) {
  json::object object{{"severity", prompt::severityName(one.problem.severity)},
                      {"rule", one.problem.rule},
                      {"message", one.problem.message}};
  if (one.problem.index >= 0) object["message_index"] = one.problem.index;
  if (one.line > 0) object["line"] = one.line;
  if (one.line > 0 && one.problem.place.column > 0) object["column"] = one.problem.place.column;
  return object;
}

json::object sarifResult(const LintedFile& file, const FileProblem& one) {
  json::object place{{"artifactLocation", json::object{{"uri", file.path}}}};
  if (one.line > 0) {
    json::object region{{"startLine", one.line}};
    if (one.problem.place.column > 0) region["startColumn"] = one.problem.place.column;
    place["region"] = std::move(region);
  }
  return {{"ruleId", one.problem.rule},
          {"level", prompt::severityName(one.problem.severity)},
          {"message", json::object{{"text", one.problem.message}}},
          {"locations", json::array{json::object{{"physicalLocation", std::move(place)}}}}};
}

std::string linesOf(const LintedFile& file, bool errors) {
  std::string text;
  for (const FileProblem& one : file.problems)
    if (isError(one) == errors)
      text += fmt::format("{}:{}: {} [{}]\n", file.path, one.line, one.problem.message, one.problem.rule);
  return text;
}

}  // namespace

json::object lintJson(const std::vector<LintedFile>& files) {
  json::array list;
  std::size_t errors = 0, warnings = 0;
  for (const LintedFile& file : files) {
    json::array problems;
    for (const FileProblem& one : file.problems) {
      ++(isError(one) ? errors : warnings);
      problems.emplace_back(problemJson(one));
    }
    list.emplace_back(json::object{{"path", file.path}, {"name", file.name}, {"problems", std::move(problems)}});
  }
  return {{"files", std::move(list)}, {"errors", errors}, {"warnings", warnings}};
}

std::string sarifReport(const std::vector<LintedFile>& files) {
  json::array results, rules;
  std::set<std::string> named;
  for (const LintedFile& file : files)
    for (const FileProblem& one : file.problems) {
      if (named.insert(one.problem.rule).second) rules.push_back(json::object{{"id", one.problem.rule}});
      results.emplace_back(sarifResult(file, one));
    }
  json::object driver{{"name", "regesta prompt lint"}, {"rules", std::move(rules)}};
  json::object run{{"tool", json::object{{"driver", std::move(driver)}}}, {"results", std::move(results)}};
  json::object report{{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                      {"version", "2.1.0"},
                      {"runs", json::array{std::move(run)}}};
  return writeJson(json::value(std::move(report))) + "\n";
}

std::string xmlText(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t')
      out += c;
  }
  return out;
}

std::string junitReport(const std::vector<LintedFile>& files) {
  std::string cases;
  std::size_t failures = 0;
  for (const LintedFile& file : files) {
    std::string errors = linesOf(file, true), warnings = linesOf(file, false);
    cases += fmt::format("  <testcase classname=\"prompt.lint\" name=\"{}\">\n", xmlText(file.path));
    if (!errors.empty()) {
      ++failures;
      cases += fmt::format("    <failure message=\"{}\">{}</failure>\n", xmlText(errors.substr(0, errors.find('\n'))),
                           xmlText(errors));
    }
    if (!warnings.empty()) cases += fmt::format("    <system-out>{}</system-out>\n", xmlText(warnings));
    cases += "  </testcase>\n";
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"prompt lint\" tests=\"{}\" "
      "failures=\"{}\">\n{}</testsuite>\n",
      files.size(), failures, cases);
}

}  // namespace regesta::cli

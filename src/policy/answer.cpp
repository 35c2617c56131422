#include "policy/answer.h"

#include <fmt/format.h>
#include <regesta_native.h>

#include <algorithm>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

namespace regesta::policy {
namespace {

bool flag(const json::object& members, std::string_view name) {
  const auto* found = members.if_contains(name);
  return found && found->is_bool() && found->as_bool();
}

Place place(const json::object& members) {
  return {memberText(members, "file"), static_cast<int>(memberInteger(members, "row")),
          static_cast<int>(memberInteger(members, "column"))};
}

Problem problem(const json::object& members) {
  return {.place = place(members),
          .code = memberText(members, "code"),
          .message = memberText(members, "message"),
          .hint = memberText(members, "hint"),
          .warning = flag(members, "warning"),
          .needsOpa = flag(members, "needs_opa")};
}

/// The worker's JSON. It handled hostile text, so even its answers are read with the limits for outside bytes; results
/// may nest as deeply as the engine allows.
json::value parse(std::string_view bytes) {
  json::parse_options options;
  options.max_depth = 256;
  json::error_code wrong;
  auto value = json::parse(bytes, wrong, {}, options);
  if (wrong) throw error(Code::internal, "a policy worker answered with broken JSON: {}", wrong.message());
  return value;
}

std::vector<int> lines(const json::object& file, std::string_view name) {
  std::vector<int> rows;
  for (const auto& row : file.at(name).as_array()) rows.push_back(row.to_number<int>());
  return rows;
}

std::vector<std::string> prints(const json::object& answer) {
  std::vector<std::string> list;
  for (const auto& line : answer.at("prints").as_array()) list.emplace_back(line.as_string());
  return list;
}

}  // namespace

Answer readAnswer(const Reply& reply) {
  if (reply.starved) throw error(Code::unavailable, "the policy engine gave no answer: {}; try again", reply.lost);
  Answer answer;
  if (!reply.lost.empty()) {
    answer.problem = {.code = "engine_lost", .message = fmt::format("could not be evaluated: {}", reply.lost)};
  } else if (reply.status == REGESTA_OK) {
    answer.value = parse(reply.bytes);
    answer.good = true;
  } else if (reply.status == REGESTA_ERROR) {
    answer.problem = problem(parse(reply.bytes).as_object());
  } else {
    auto what = shorten(reply.bytes, 300);
    answer.problem = {.code = "engine_failed", .message = fmt::format("the policy engine failed: {}", what)};
  }
  return answer;
}

CheckReport readCheckReport(const json::value& answer) {
  CheckReport report;
  for (const auto& entry : answer.at("problems").as_array()) report.problems.push_back(problem(entry.as_object()));
  for (const auto& name : answer.at("packages").as_array()) report.packages.emplace_back(name.as_string());
  return report;
}

TestCase readTestCase(const json::object& entry) {
  return {.package = memberText(entry, "package"),
          .name = memberText(entry, "name"),
          .place = place(entry),
          .outcome = flag(entry, "todo") ? Outcome::skipped : Outcome::error};
}

void finish(TestCase& test, const json::object& answer) {
  auto outcome = memberText(answer, "outcome");
  test.outcome = outcome == "passed" ? Outcome::passed : outcome == "failed" ? Outcome::failed : Outcome::error;
  test.message = memberText(answer, "message");
  test.prints = prints(answer);
  test.nanos = memberInteger(answer, "nanos");
}

void merge(std::vector<FileCoverage>& all, const json::array& files) {
  for (const auto& entry : files) {
    const auto& file = entry.as_object();
    auto name = memberText(file, "file");
    auto known = std::ranges::find(all, name, &FileCoverage::file);
    if (known == all.end()) {
      all.push_back({.file = name, .covered = lines(file, "covered"), .notCovered = lines(file, "not_covered")});
      continue;
    }
    std::vector<int> covered, left, now = lines(file, "covered");
    std::ranges::set_union(known->covered, now, std::back_inserter(covered));
    std::ranges::set_difference(known->notCovered, covered, std::back_inserter(left));
    known->covered = std::move(covered);
    known->notCovered = std::move(left);
  }
}

EvalResult readEvalResult(const json::object& answer) {
  EvalResult result{.prints = prints(answer), .nanos = memberInteger(answer, "nanos")};
  result.results = answer.at("result").as_array();
  result.defined = !result.results.empty();
  if (!result.defined) return result;
  const auto& first = result.results[0].as_object();
  const auto& bindings = first.at("bindings").as_object();
  if (result.results.size() == 1 && bindings.empty()) {
    result.value = first.at("expressions").as_array().back().at("value");
  } else {
    auto& list = result.value.emplace_array();
    for (const auto& row : result.results) list.emplace_back(row.at("bindings"));
  }
  return result;
}

bool matches(const TestCase& test, std::string_view filter) {
  auto whole = test.package + "." + test.name;
  if (filter.find('*') != std::string_view::npos) return globMatch(filter, whole);
  return whole.find(filter) != std::string::npos;
}

std::string describe(const Problem& problem) {
  std::string out;
  if (!problem.place.file.empty()) out += problem.place.file + ":";
  if (problem.place.row > 0) out += fmt::format("{}:{}:", problem.place.row, problem.place.column);
  if (!out.empty()) out += ' ';
  out += problem.message;
  if (!problem.hint.empty()) out += fmt::format(" ({})", problem.hint);
  return out;
}

}  // namespace regesta::policy

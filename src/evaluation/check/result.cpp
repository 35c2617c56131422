#include "evaluation/check/result.h"

#include "base/error.h"
#include "base/text.h"
#include "base/time.h"

namespace regesta::evaluation::check {
namespace {

constexpr std::size_t reasonLength = 1000;
constexpr std::size_t outputLength = 64 * 1024;  // of a reported case; evidence as a whole has its own limit

json::object findingJson(const Finding& finding) {
  json::object object{{"type", finding.type}, {"pass", finding.pass}, {"score", finding.score}};
  if (!finding.metric.empty()) object["metric"] = finding.metric;
  if (finding.weight != 1) object["weight"] = finding.weight;
  if (finding.unchecked) object["unchecked"] = true;
  if (!finding.reason.empty()) object["reason"] = shorten(finding.reason, reasonLength);
  return object;
}

json::object caseJson(const CaseResult& result, std::size_t outputLimit) {
  json::object object{{"pass", result.pass}, {"score", result.score}};
  if (!result.description.empty()) object["description"] = result.description;
  if (!result.error.empty()) object["error"] = shorten(result.error, reasonLength);
  if (result.findings.empty()) return object;
  object["output"] = shorten(result.output.text, outputLimit);
  object["latency_ms"] = std::round(result.output.latencyMillis);
  if (!result.output.finishReason.empty()) object["finish_reason"] = result.output.finishReason;
  if (result.output.cost) object["cost"] = *result.output.cost;
  json::array findings;
  for (const Finding& finding : result.findings) findings.emplace_back(findingJson(finding));
  object["findings"] = std::move(findings);
  return object;
}

std::string textIn(const json::object& object, std::string_view member, std::size_t limit) {
  const json::value* value = object.if_contains(member);
  return value && value->is_string() ? shorten(value->get_string(), limit) : std::string();
}

double numberIn(const json::object& object, std::string_view member, const std::string& place) {
  const json::value* value = object.if_contains(member);
  double number = value && value->is_number() ? value->to_number<double>() : NAN;
  if (!std::isfinite(number)) throw Invalid(fmt::format("{}.{}", place, member), "must be a number");
  return number;
}

bool flagIn(const json::object& object, std::string_view member) {
  const json::value* value = object.if_contains(member);
  return value && value->is_bool() && value->get_bool();
}

const json::array& listIn(const json::object& object, std::string_view member, const std::string& place,
                          std::size_t count) {
  const json::value* value = object.if_contains(member);
  if (!value || !value->is_array() || value->get_array().size() != count)
    throw Invalid(place, fmt::format("must be a list of {}, one for each of the suite", count));
  return value->get_array();
}

Finding readFinding(const json::value& value, const Assertion& assertion, const std::string& place) {
  std::string type = assertion.negated ? "not-" + assertion.type : assertion.type;
  if (!value.is_object() || textIn(value.get_object(), "type", 100) != type)
    throw Invalid(place, fmt::format("must be about the assertion \"{}\"", type));
  const json::object& object = value.get_object();
  Finding finding{type, assertion.metric, assertion.weight, flagIn(object, "pass"), flagIn(object, "unchecked")};
  finding.score = std::clamp(numberIn(object, "score", place), 0.0, 1.0);
  finding.pass = finding.pass && !finding.unchecked;
  finding.reason = textIn(object, "reason", reasonLength);
  return finding;
}

CaseResult readCase(const json::value& value, const TestCase& test, const std::string& place) {
  if (!value.is_object()) throw Invalid(place, "must be an object");
  const json::object& object = value.get_object();
  if (!object.contains("findings")) {
    std::string error = textIn(object, "error", reasonLength);
    if (error.empty()) throw Invalid(place, "must have \"findings\" or \"error\"");
    return failedCase(test, error);
  }
  CaseResult result;
  result.description = test.description;
  result.output.text = textIn(object, "output", outputLength);
  result.output.finishReason = textIn(object, "finish_reason", 100);
  result.output.latencyMillis = numberIn(object, "latency_ms", place);
  if (object.contains("cost")) result.output.cost = numberIn(object, "cost", place);
  const json::array& findings = listIn(object, "findings", place + ".findings", test.asserts.size());
  for (std::size_t i = 0; i < findings.size(); ++i)
    result.findings.push_back(readFinding(findings[i], test.asserts[i], fmt::format("{}.findings[{}]", place, i)));
  conclude(result, test);
  return result;
}

std::string xmlText(std::string_view text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        // XML 1.0 has no way to write other control characters.
        out += static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' ? '?' : c;
    }
  }
  return out;
}

}  // namespace

Tally tally(const std::vector<CaseResult>& cases) {
  Tally tally;
  std::map<std::string, std::pair<double, double>> sums;
  for (const CaseResult& one : cases) {
    ++tally.total;
    ++(one.pass ? tally.passed : tally.failed);
    if (!one.error.empty()) ++tally.errors;
    tally.score += one.score;
    for (const Finding& finding : one.findings) {
      if (finding.metric.empty()) continue;
      sums[finding.metric].first += finding.score;
      sums[finding.metric].second += 1;
    }
  }
  if (tally.total > 0) {
    tally.passRate = static_cast<double>(tally.passed) / static_cast<double>(tally.total);
    tally.score /= static_cast<double>(tally.total);
  }
  for (const auto& [name, sum] : sums) tally.metrics[name] = sum.first / sum.second;
  return tally;
}

json::object tallyJson(const Tally& tally) {
  json::object metrics;
  for (const auto& [name, mean] : tally.metrics) metrics[name] = mean;
  return {{"total", tally.total},         {"passed", tally.passed},      {"failed", tally.failed},
          {"errors", tally.errors},       {"pass_rate", tally.passRate}, {"score", tally.score},
          {"metrics", std::move(metrics)}};
}

json::object toJson(const SuiteResult& result, std::size_t outputLimit) {
  json::array cases;
  for (const CaseResult& one : result.cases) cases.emplace_back(caseJson(one, outputLimit));
  return {{"model", result.model},
          {"runner", result.runner},
          {"started_at", formatTime(result.startedAt)},
          {"duration_ms", result.durationMillis},
          {"cases", std::move(cases)}};
}

SuiteResult readResult(const json::value& reported, const Suite& suite) {
  if (!reported.is_object()) throw Invalid("result", "must be an object");
  const json::object& object = reported.get_object();
  SuiteResult result;
  result.model = textIn(object, "model", 200);
  if (result.model.empty()) throw Invalid("result.model", "is required: which model answered");
  result.runner = textIn(object, "runner", 200);
  if (auto started = parseTime(textIn(object, "started_at", 50))) result.startedAt = *started;
  result.durationMillis = static_cast<std::int64_t>(std::clamp(numberIn(object, "duration_ms", "result"), 0.0, 1e12));
  const json::array& cases = listIn(object, "cases", "result.cases", suite.tests.size());
  for (std::size_t i = 0; i < cases.size(); ++i)
    result.cases.push_back(readCase(cases[i], suite.tests[i], fmt::format("result.cases[{}]", i)));
  return result;
}

std::string junitSuite(const SuiteResult& result, std::string_view suiteName) {
  Tally sums = tally(result.cases);
  std::string out = fmt::format(
      "<testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" "
      "errors=\"{}\" time=\"{:.3f}\">\n",
      xmlText(suiteName), sums.total, sums.failed - sums.errors, sums.errors,
      static_cast<double>(result.durationMillis) / 1000);
  for (std::size_t i = 0; i < result.cases.size(); ++i) {
    const CaseResult& one = result.cases[i];
    std::string name = one.description.empty() ? fmt::format("case {}", i + 1) : one.description;
    out += fmt::format("<testcase classname=\"{}\" name=\"{}\" time=\"{:.3f}\">", xmlText(suiteName), xmlText(name),
                       one.output.latencyMillis / 1000);
    if (!one.error.empty()) {
      out += fmt::format("<error message=\"{}\"/>", xmlText(one.error));
    } else if (!one.pass) {
      std::string reasons;
      for (const Finding& finding : one.findings)
        if (!finding.pass) reasons += fmt::format("{}: {}\n", finding.type, finding.reason);
      out += fmt::format("<failure message=\"score {:.2f}\">{}\noutput: {}</failure>", one.score, xmlText(reasons),
                         xmlText(shorten(one.output.text, reasonLength)));
    }
    out += "</testcase>\n";
  }
  return out + "</testsuite>\n";
}

std::string junitDocument(std::string_view suites) {
  return fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n{}</testsuites>\n", suites);
}

}  // namespace regesta::evaluation::check

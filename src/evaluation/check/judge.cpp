#include "evaluation/check/judge.h"

#include <algorithm>

#include "base/error.h"
#include "base/json_schema.h"
#include "base/text.h"
#include "evaluation/check/grading.h"
#include "evaluation/check/kinds.h"
#include "evaluation/check/text_checks.h"

namespace regesta::evaluation::check {
namespace {

/// One assertion at work: its value is filled in already.
struct Look {
  const Assertion& assertion;
  const json::value& value;
  const TestCase& test;
  const Output& output;
  Judge& means;

  std::string text() const { return textOf(value); }
  double threshold() const { return assertion.threshold.value_or(findKind(assertion.type)->threshold); }
  static std::string textOf(const json::value& one) {
    return one.is_string() ? std::string(one.get_string()) : writeJson(one);
  }
};

Grade plain(bool pass, std::string whyNot) {
  return {pass, pass ? 1.0 : 0.0, pass ? std::string() : std::move(whyNot)};
}

std::string quote(std::string_view text) { return fmt::format("\"{}\"", shorten(text, 200)); }

Grade equals(const Look& look) {
  if (!look.value.is_object() && !look.value.is_array())
    return plain(look.output.text == look.text(), fmt::format("is not {}", quote(look.text())));
  boost::system::error_code broken;
  json::value parsed = json::parse(trim(look.output.text), broken);
  return plain(!broken && sameJson(parsed, look.value), fmt::format("is not the JSON {}", quote(look.text())));
}

bool contains(std::string_view text, const std::string& part, bool ignoreCase) {
  if (!ignoreCase) return text.find(part) != std::string_view::npos;
  return lower(text).find(lower(part)) != std::string::npos;
}

Grade containsOne(const Look& look) {
  bool found = contains(look.output.text, look.text(), look.assertion.type == "icontains");
  return plain(found, fmt::format("does not contain {}", quote(look.text())));
}

Grade containsSeveral(const Look& look) {
  bool ignoreCase = look.assertion.type.starts_with('i'), all = look.assertion.type.ends_with("-all");
  std::vector<std::string> absent;
  const json::array& wanted = look.value.get_array();
  for (const json::value& item : wanted)
    if (std::string part = Look::textOf(item); !contains(look.output.text, part, ignoreCase))
      absent.push_back(quote(part));
  bool pass = all ? absent.empty() : absent.size() < wanted.size();
  return plain(pass, fmt::format("does not contain {}{}", all ? "" : "any of ", join(absent, ", ")));
}

Grade startsWith(const Look& look) {
  return plain(look.output.text.starts_with(look.text()), fmt::format("does not start with {}", quote(look.text())));
}

Grade regex(const Look& look) {
  return plain(look.means.matches(look.text(), look.output.text), fmt::format("does not match {}", quote(look.text())));
}

Grade fitsSchema(const Look& look, const json::value& document) {
  if (look.value.is_null()) return plain(true, "");
  auto matches = [&](std::string_view pattern, std::string_view text) { return look.means.matches(pattern, text); };
  std::vector<std::string> problems;
  for (const SchemaProblem& problem : checkAgainstSchema(look.value, document, matches))
    problems.push_back(fmt::format("{} {}", problem.path.empty() ? "the document" : problem.path, problem.message));
  return plain(problems.empty(), join(problems, "; "));
}

Grade isJson(const Look& look) {
  boost::system::error_code broken;
  json::value parsed = json::parse(trim(look.output.text), broken);
  return broken ? plain(false, "is not JSON: " + broken.message()) : fitsSchema(look, parsed);
}

Grade containsJson(const Look& look) {
  json::value found = firstJson(look.output.text);
  return found.is_null() ? plain(false, "contains no JSON object or list") : fitsSchema(look, found);
}

Grade levenshtein(const Look& look) {
  std::size_t distance = editDistance(look.output.text, look.text());
  return plain(static_cast<double>(distance) <= look.threshold(),
               fmt::format("is {} changes away from {}, at most {} are allowed", distance, quote(look.text()),
                           look.threshold()));
}

Grade words(const Look& look) {
  auto count = static_cast<double>(wordCount(look.output.text));
  double least = 0, most = 0;
  if (look.value.is_object()) {
    auto limit = [&](std::string_view name, double otherwise) {
      const json::value* value = look.value.get_object().if_contains(name);
      return value && value->is_number() ? value->to_number<double>() : otherwise;
    };
    least = limit("min", 0);
    most = limit("max", 1e18);
  } else {
    auto exact = parseDouble(look.text());
    if (!exact) throw Invalid("value", "must be a number or {\"min\", \"max\"} for word-count");
    least = most = *exact;
  }
  return plain(count >= least && count <= most, fmt::format("has {} words", count));
}

Grade finishReason(const Look& look) {
  return plain(look.output.finishReason == look.text(),
               fmt::format("ended with {}, not {}", quote(look.output.finishReason), quote(look.text())));
}

Grade latency(const Look& look) {
  return plain(look.output.latencyMillis <= look.threshold(),
               fmt::format("took {:.0f} ms, at most {} are allowed", look.output.latencyMillis, look.threshold()));
}

Grade cost(const Look& look) {
  if (!look.output.cost)
    throw Error(Code::unsupported,
                "what the answer cost is not known: the model's server does not say, and the runner "
                "was given no prices");
  return plain(*look.output.cost <= look.threshold(),
               fmt::format("cost {}, at most {} is allowed", *look.output.cost, look.threshold()));
}

Grade similar(const Look& look) {
  double similarity = look.means.similarity(look.output.text, look.text(), look.assertion.provider);
  std::string words =
      fmt::format("similarity {:.3f} to {}, {} is required", similarity, quote(look.text()), look.threshold());
  return {similarity >= look.threshold(), std::clamp(similarity, 0.0, 1.0), std::move(words)};
}

Grade graded(const Look& look) {
  GradingPrompt prompt = gradingPrompt(look.assertion.type, look.text(), look.output.text, writeJson(look.test.vars));
  Grade grade = readVerdict(look.assertion.type, look.means.ask(prompt.system, prompt.user, look.assertion.provider));
  if (look.assertion.threshold && grade.score < *look.assertion.threshold) {
    grade.pass = false;
    grade.reason = fmt::format("score {} is below {}: {}", grade.score, *look.assertion.threshold, grade.reason);
  }
  return grade;
}

Grade command(const Look& look) { return look.means.command(look.text(), look.output, look.test.vars); }

struct Check {
  std::string_view type;
  Grade (*look)(const Look&);
};
constexpr Check checks[] = {{"equals", equals},
                            {"contains", containsOne},
                            {"icontains", containsOne},
                            {"contains-all", containsSeveral},
                            {"contains-any", containsSeveral},
                            {"icontains-all", containsSeveral},
                            {"icontains-any", containsSeveral},
                            {"starts-with", startsWith},
                            {"regex", regex},
                            {"is-json", isJson},
                            {"contains-json", containsJson},
                            {"levenshtein", levenshtein},
                            {"word-count", words},
                            {"finish-reason", finishReason},
                            {"latency", latency},
                            {"cost", cost},
                            {"similar", similar},
                            {"llm-rubric", graded},
                            {"model-graded-closedqa", graded},
                            {"factuality", graded},
                            {"exec", command}};

Finding findingOf(const Assertion& assertion) {
  Finding finding;
  finding.type = assertion.negated ? "not-" + assertion.type : assertion.type;
  finding.metric = assertion.metric;
  finding.weight = assertion.weight;
  return finding;
}

double meanScore(const std::vector<Finding>& findings) {
  double sum = 0, weights = 0;
  for (const Finding& finding : findings) {
    sum += finding.score * finding.weight;
    weights += finding.weight;
  }
  return weights > 0 ? sum / weights : 1;
}

bool allPass(const std::vector<Finding>& findings) {
  return std::ranges::all_of(findings, [](const Finding& each) { return each.pass || each.weight == 0; });
}

std::string whatIsUnchecked(const std::vector<Finding>& findings) {
  std::vector<std::string> reasons;
  for (const Finding& finding : findings)
    if (finding.unchecked && finding.weight > 0)
      reasons.push_back(fmt::format("{} was not checked: {}", finding.type, finding.reason));
  return join(reasons, "; ");
}

Finding look(const Assertion& assertion, const TestCase& test, const Output& output, Judge& means);

/// A set counts as one assertion: the weighted mean of its members, against its threshold, if any.
Finding lookAtSet(const Assertion& assertion, const TestCase& test, const Output& output, Judge& means) {
  std::vector<Finding> members;
  for (const Assertion& one : assertion.set) members.push_back(look(one, test, output, means));
  Finding finding = findingOf(assertion);
  finding.score = meanScore(members);
  std::string unchecked = whatIsUnchecked(members);
  finding.unchecked = !unchecked.empty();
  finding.pass = !finding.unchecked && (assertion.threshold ? finding.score >= *assertion.threshold : allPass(members));
  std::vector<std::string> reasons;
  for (const Finding& member : members)
    if (!member.pass) reasons.push_back(fmt::format("{}: {}", member.type, member.reason));
  finding.reason = finding.unchecked ? unchecked : finding.pass ? "" : join(reasons, "; ");
  return finding;
}

Finding look(const Assertion& assertion, const TestCase& test, const Output& output, Judge& means) {
  if (!assertion.set.empty()) return lookAtSet(assertion, test, output, means);
  Finding finding = findingOf(assertion);
  auto check = std::ranges::find(checks, assertion.type, &Check::type);
  REGESTA_INVARIANT(check != std::end(checks));
  try {
    json::value value = fillIn(assertion.value, test.vars);
    Grade grade = check->look(Look{assertion, value, test, output, means});
    finding.pass = grade.pass != assertion.negated;
    finding.score = assertion.negated ? 1 - grade.score : grade.score;
    finding.reason = std::move(grade.reason);
    if (assertion.negated && !finding.pass && finding.reason.empty())
      finding.reason =
          fmt::format("is what {} {} describes", assertion.type, value.is_null() ? "" : quote(Look::textOf(value)));
  } catch (const Error& fault) {
    finding.unchecked = true;
    finding.reason = fault.message;
  }
  return finding;
}

}  // namespace

CaseResult judge(const TestCase& test, const Output& output, Judge& means) {
  CaseResult result;
  result.description = test.description;
  result.output = output;
  for (const Assertion& assertion : test.asserts) result.findings.push_back(look(assertion, test, output, means));
  conclude(result, test);
  return result;
}

void conclude(CaseResult& result, const TestCase& test) {
  result.score = meanScore(result.findings);
  result.error = whatIsUnchecked(result.findings);
  result.pass = result.error.empty() && (test.threshold ? result.score >= *test.threshold : allPass(result.findings));
}

CaseResult failedCase(const TestCase& test, std::string error) {
  CaseResult result;
  result.description = test.description;
  result.error = std::move(error);
  return result;
}

}  // namespace regesta::evaluation::check

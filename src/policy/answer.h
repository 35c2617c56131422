#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "policy/report.h"
#include "policy/worker.h"

namespace regesta::policy {

/// A parsed worker reply. `problem` is the error if it is not ok.
struct Answer {
  json::value value;
  Problem problem;
  bool good = false;
  bool ok() const { return good; }
};

/// Throws Error{unavailable} if the machine and not the request is the cause of a lost worker.
Answer readAnswer(const Reply& reply);
CheckReport readCheckReport(const json::value& answer);
/// A test from the list: not run yet, or skipped.
TestCase readTestCase(const json::object& entry);
void finish(TestCase& test, const json::object& answer);
/// Adds one test's coverage: a line that any test ran is covered.
void merge(std::vector<FileCoverage>& all, const json::array& files);
EvalResult readEvalResult(const json::object& answer);
/// An empty filter matches all; one with '*' is a glob over "package.name"; any other is a substring of it.
bool matches(const TestCase& test, std::string_view filter);

/// "gate.rego:4:3: undefined function conut (did you mean count?)"
std::string describe(const Problem& problem);
inline std::string describe(const Answer& answer) { return describe(answer.problem); }

}  // namespace regesta::policy

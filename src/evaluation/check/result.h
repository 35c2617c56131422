#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "evaluation/check/judge.h"

namespace regesta::evaluation::check {

/// Result of a suite: a runner's report, and the source of the evidence's numbers.
struct SuiteResult {
  std::string model;   ///< the model under test
  std::string runner;  ///< the program and where it ran: "regesta 0.1.0 on ci-7"
  std::int64_t startedAt = 0, durationMillis = 0;
  std::vector<CaseResult> cases;  ///< in the suite's order
};

struct Tally {
  std::int64_t total = 0, passed = 0, failed = 0;
  std::int64_t errors = 0;  ///< of the failed: no output, or an assertion could not be checked
  double passRate = 0, score = 0;
  std::map<std::string, double> metrics;  ///< name → mean score of its assertions
};
Tally tally(const std::vector<CaseResult>& cases);
/// {"total","passed","failed","errors","pass_rate","score","metrics"}
json::object tallyJson(const Tally& tally);

/// {"model","runner","started_at","duration_ms","cases":[{"description","pass","score","error","output",…,"findings"}]}.
/// Outputs are cut at `outputLimit` bytes.
json::object toJson(const SuiteResult& result, std::size_t outputLimit);

/// Reads a runner's report about `suite` and computes again which cases passed: only the assertions' results are taken
/// from it. Throws Invalid with the position unless it has exactly the suite's cases and assertions.
SuiteResult readResult(const json::value& reported, const Suite& suite);

/// JUnit XML for CI systems: one <testsuite>, and the document around several.
std::string junitSuite(const SuiteResult& result, std::string_view suiteName);
std::string junitDocument(std::string_view suites);

}  // namespace regesta::evaluation::check

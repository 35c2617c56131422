#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "delivery/check/judge.h"

namespace regesta::delivery::check {

/// What became of a suite: what a runner reports, and what the numbers of evidence are made of.
struct SuiteResult {
  std::string model;   ///< what answered
  std::string runner;  ///< the program and where it ran: "regesta 0.1.0 on ci-7"
  std::int64_t startedAt = 0, durationMillis = 0;
  std::vector<CaseResult> cases;  ///< in the suite's order
};

struct Tally {
  std::int64_t total = 0, passed = 0, failed = 0;
  std::int64_t errors = 0;  ///< of the failed: no answer, or something could not be checked
  double passRate = 0, score = 0;
  std::map<std::string, double> metrics;  ///< name → mean score of the assertions that carry it
};
Tally tally(const std::vector<CaseResult>& cases);
/// {"total","passed","failed","errors","pass_rate","score","metrics"}
json::object tallyJson(const Tally& tally);

/// {"model","runner","started_at","duration_ms","cases":[{"description","pass","score","error","output",…,"findings"}]}.
/// Outputs are cut at `outputLimit` bytes.
json::object toJson(const SuiteResult& result, std::size_t outputLimit);

/// Reads what a runner reports about `suite` and concludes again what passed: only what each assertion found is taken
/// from it. Throws Invalid that names the place when it is not about exactly these cases and assertions.
SuiteResult readResult(const json::value& reported, const Suite& suite);

/// JUnit's XML, as CI systems read it: one <testsuite>, and the document around such.
std::string junitSuite(const SuiteResult& result, std::string_view suiteName);
std::string junitDocument(std::string_view suites);

}  // namespace regesta::delivery::check

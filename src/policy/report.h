#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace regesta::policy {

/// A position. row and column count from 1; 0 means the whole file.
struct Place {
  std::string file;
  int row = 0;
  int column = 0;
};

/// One problem of Engine::check. Codes are OPA's where OPA has one: rego_parse_error, rego_type_error,
/// rego_unsafe_var_error, rego_recursion_error, rego_compile_error; else unknown_input, missing_rule, too_complex,
/// needs_opa.
struct Problem {
  Place place;
  std::string code;
  std::string message;
  std::string hint;       ///< empty, or a suggestion ("did you mean input.candidate.metrics?")
  bool warning = false;   ///< the policy can still be used
  bool needsOpa = false;  ///< fine for OPA; the embedded engine cannot run it
};

struct CheckReport {
  std::vector<Problem> problems;  ///< in the order of files and rows
  std::vector<std::string> packages;

  bool ok() const;        ///< no problem but warnings
  bool needsOpa() const;  ///< not ok here, but a real OPA would report no error
};

enum class Outcome { passed, failed, error, skipped };
std::string_view outcomeName(Outcome outcome);

struct TestCase {
  std::string package;  ///< "regesta.gate_test"
  std::string name;     ///< "test_low_accuracy_is_denied"
  Place place;
  Outcome outcome = Outcome::passed;
  std::string message;              ///< failed: the expression that did not hold, with values; error: why
  std::vector<std::string> prints;  ///< "gate_test.rego:12: text"
  std::int64_t nanos = 0;
};

/// Lines that tests ran and did not run, of one file.
struct FileCoverage {
  std::string file;
  std::vector<int> covered, notCovered;
  double percent() const;  ///< 100 for a file without executable lines
};

struct TestReport {
  std::vector<TestCase> cases;
  std::vector<FileCoverage> coverage;
  std::string error;  ///< non-empty: the modules could not be loaded, and no test ran

  std::size_t count(Outcome outcome) const;
  bool ok() const;  ///< loaded, and nothing failed or was in error (no test at all is ok; see `cases`)
  double percent() const;
};

struct EvalResult {
  bool defined = false;
  json::value value;    ///< of the last expression; a list of bindings if the query has variables or several results
  json::array results;  ///< in OPA's form: {"expressions":[{"value","text"}],"bindings":{…}}
  std::string error;    ///< non-empty: could not be evaluated
  std::vector<std::string> prints;
  std::int64_t nanos = 0;
};

/// Text for a terminal, one line per problem: "gate.rego:4:3: rego_parse_error: …". `colour` adds ANSI colours.
std::string toText(const CheckReport& report, bool colour = false);
std::string toText(const TestReport& report, bool colour = false, bool verbose = false, bool coverage = false);
json::object toJson(const CheckReport& report);
json::object toJson(const TestReport& report);

}  // namespace regesta::policy

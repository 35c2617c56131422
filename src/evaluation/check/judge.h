#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "evaluation/check/suite.h"

namespace regesta::evaluation::check {

/// A model's output for one case.
struct Output {
  std::string text;  ///< the output text; of tool calls: their JSON
  std::string finishReason;
  double latencyMillis = 0;
  std::optional<double> cost;  ///< absent: unknown
};

struct Grade {
  bool pass = false;
  double score = 0;  ///< 0–1
  std::string reason;
};

/// External functions of assertions. Each may throw Error: the assertion then counts as not checked, with that reason.
/// Called from one thread at a time.
class Judge {
 public:
  virtual ~Judge() = default;
  virtual bool matches(std::string_view pattern, std::string_view text) = 0;
  /// Cosine similarity of the two texts' embeddings. `provider` empty: the default model.
  virtual double similarity(const std::string& a, const std::string& b, const std::string& provider) = 0;
  /// The grading model's output.
  virtual std::string ask(const std::string& system, const std::string& user, const std::string& provider) = 0;
  /// Runs a command of the suite with the output on its stdin.
  virtual Grade command(const std::string& line, const Output& output, const json::object& vars) = 0;
};

/// Result of one assertion.
struct Finding {
  std::string type;  ///< as written: "not-contains"
  std::string metric;
  double weight = 1;
  bool pass = false;
  bool unchecked = false;  ///< it could not be checked; never a pass, not even for "not-…"
  double score = 0;
  std::string reason;
};

struct CaseResult {
  std::string description;
  bool pass = false;
  double score = 0;   ///< weighted mean of the assertions' scores
  std::string error;  ///< why there is no output, or which assertion could not be checked
  std::vector<Finding> findings;
  Output output;
};

/// Checks every assertion of a case, like promptfoo: the case passes if every assertion with a weight does, or with a
/// threshold, if the score reaches it and every assertion could be checked.
CaseResult judge(const TestCase& test, const Output& output, Judge& means);
/// Computes score, error and pass from the findings.
void conclude(CaseResult& result, const TestCase& test);
/// The result of a case without output.
CaseResult failedCase(const TestCase& test, std::string error);

}  // namespace regesta::evaluation::check

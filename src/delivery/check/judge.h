#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "delivery/check/suite.h"

namespace regesta::delivery::check {

/// What a model answered to one case.
struct Output {
  std::string text;  ///< the answer; of a call of tools: their JSON
  std::string finishReason;
  double latencyMillis = 0;
  std::optional<double> cost;  ///< absent: nobody knows
};

struct Grade {
  bool pass = false;
  double score = 0;  ///< 0–1
  std::string reason;
};

/// What an assertion cannot do alone. Every function may throw Error: the assertion then counts as not checked, with
/// that reason. Called from one thread at a time.
class Means {
 public:
  virtual ~Means() = default;
  virtual bool matches(std::string_view pattern, std::string_view text) = 0;
  /// Cosine similarity of the two texts' embeddings. `provider` empty: the usual model.
  virtual double similarity(const std::string& a, const std::string& b, const std::string& provider) = 0;
  /// What the grading model answers.
  virtual std::string ask(const std::string& system, const std::string& user, const std::string& provider) = 0;
  /// Runs a command of the suite with the output on its stdin.
  virtual Grade command(const std::string& line, const Output& output, const json::object& vars) = 0;
};

/// What became of one assertion.
struct Finding {
  std::string type;  ///< as it was written: "not-contains"
  std::string metric;
  double weight = 1;
  bool pass = false;
  bool unchecked = false;  ///< it could not be looked at; never a pass, also not of a "not-…"
  double score = 0;
  std::string reason;
};

struct CaseResult {
  std::string description;
  bool pass = false;
  double score = 0;   ///< weighted mean of the assertions' scores
  std::string error;  ///< why there is no output, or what could not be checked
  std::vector<Finding> findings;
  Output output;
};

/// Looks at every assertion of a case, like promptfoo: the case passes when each one that has a weight does, or with a
/// threshold when the score reaches it and everything could be checked.
CaseResult judge(const TestCase& test, const Output& output, Means& means);
/// Score, error and pass from the findings alone.
void conclude(CaseResult& result, const TestCase& test);
/// The case has no output.
CaseResult failedCase(const TestCase& test, std::string error);

}  // namespace regesta::delivery::check

#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/json_schema.h"

namespace regesta::evaluation::check {

/// An assertion about a model's output, in promptfoo's form; docs/prompts.md lists the types.
struct Assertion {
  std::string type;      ///< without "not-"
  bool negated = false;  ///< "not-…": passes where the plain one fails
  json::value value;     ///< with {{variables}} of the case in its texts
  std::optional<double> threshold;
  double weight = 1;           ///< 0: checked and reported, but does not count
  std::string metric;          ///< name under which its score is averaged
  std::string provider;        ///< of the model that grades or embeds; empty: the runner's
  std::vector<Assertion> set;  ///< of an "assert-set"
};

struct TestCase {
  std::string description;
  json::object vars;
  std::vector<Assertion> asserts;
  std::optional<double> threshold;  ///< of the case's score; absent: every assertion must pass
};

/// The tests of a prompt. As JSON, canonical: {"tests":[{"assert":[{"type","value",…}],"description","threshold",
/// "vars"}]}, with the members that say something.
struct Suite {
  std::vector<TestCase> tests;
  /// Whether an assertion runs a command, which needs a runner started for that.
  bool needsCommands() const;
};

/// Reads promptfoo's form: a list of tests, or a configuration with `tests` and `defaultTest` (ignoring prompts and
/// providers). Merges defaults into each case; a variable with a list makes one case per value. Strict: refuses unknown
/// types and members, code (javascript, python, …) and file:// references with position and reason. Throws
/// Invalid{field "tests[2].assert[0].type"}. Checks patterns and schemas with `matches`.
Suite parseSuite(const json::value& promptfoo, const PatternSearch& matches);

std::string canonicalSuite(const Suite& suite);
/// Reads the output of canonicalSuite. Throws Invalid like parseSuite, but does not check patterns and schemas.
Suite readSuite(std::string_view canonical);

}  // namespace regesta::evaluation::check

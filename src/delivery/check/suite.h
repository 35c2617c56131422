#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/json_schema.h"

namespace regesta::delivery::check {

/// One thing that must be true of a model's answer, as promptfoo writes it; docs/prompts.md lists the types.
struct Assertion {
  std::string type;      ///< without the "not-" in front
  bool negated = false;  ///< "not-…": passes where the plain one fails
  json::value value;     ///< {{variables}} in its texts stand for the case's
  std::optional<double> threshold;
  double weight = 1;           ///< 0: looked at and reported, but does not count
  std::string metric;          ///< the name its score is added up under
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
  /// Some assertion runs a command of its own, which only a runner that was started for it does.
  bool needsCommands() const;
};

/// Reads promptfoo's form: a list of tests, or a configuration with `tests` and `defaultTest` (whose prompts and
/// providers are not looked at). Defaults are put into each case, variables that are lists make a case for each value.
/// Strict: an unknown type or member, code (javascript, python, …), and file:// references are refused with the place
/// and the reason. Throws Invalid{field "tests[2].assert[0].type"}. Patterns and schemas are tried with `matches`.
Suite parseSuite(const json::value& promptfoo, const PatternSearch& matches);

std::string canonicalSuite(const Suite& suite);
/// Reads what canonicalSuite wrote. Throws Invalid like parseSuite, but looks into no pattern or schema.
Suite readSuite(std::string_view canonical);

}  // namespace regesta::delivery::check

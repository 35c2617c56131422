// rooms: delivery
// Test suites, the schemas and outputs they are held against, and what runners report. The first byte says which.
#include "base/error.h"
#include "base/json_schema.h"
#include "evaluation/check/grading.h"
#include "evaluation/check/result.h"
#include "evaluation/check/text_checks.h"

namespace {

using namespace regesta;
using namespace regesta::delivery;

bool search(std::string_view pattern, std::string_view text) { return text.find(pattern) != std::string_view::npos; }

/// A suite that was read is written and read again unchanged.
void suite(std::string_view text) {
  std::string canonical = check::canonicalSuite(check::parseSuite(parseJson(text), search));
  REGESTA_INVARIANT(check::canonicalSuite(check::readSuite(canonical)) == canonical);
}

/// "schema\ndocument"
void schema(std::string_view text) {
  std::size_t line = text.find('\n');
  if (line == std::string_view::npos) return;
  json::value rules = parseJson(text.substr(0, line)), document = parseJson(text.substr(line + 1));
  checkAgainstSchema(rules, document, search);
}

void report(std::string_view text) {
  static const check::Suite known = check::readSuite(
      R"({"tests":[{"assert":[{"type":"contains","value":"a"}]},{"assert":[{"type":"not-regex","value":"b"}]}]})");
  check::SuiteResult result = check::readResult(parseJson(text), known);
  check::junitDocument(check::junitSuite(result, "fuzz"));
  REGESTA_INVARIANT(check::tally(result.cases).total == 2);
}

void output(std::string_view text) {
  check::firstJson(text);
  check::wordCount(text);
  check::readVerdict("llm-rubric", text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    switch (data[0]) {
      case 's':
        suite(text);
        break;
      case 'j':
        schema(text);
        break;
      case 'r':
        report(text);
        break;
      default:
        output(text);
    }
  } catch (const Error&) {
  }
  return 0;
}

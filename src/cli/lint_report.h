#pragma once
#include <string>
#include <vector>

#include "base/json.h"
#include "prompt/lint.h"

namespace regesta::cli {

struct FileProblem {
  prompt::Problem problem;
  std::size_t line = 0;  ///< of the file; 0: the file as a whole
};
struct LintedFile {
  std::string path, name;
  std::vector<FileProblem> problems;
  bool readable = false;  ///< false: it is not a prompt file, and `problems` says why
};
/// What lint finds in a file, without a server; a file that cannot be read is one error.
LintedFile lintFile(const std::string& path, const prompt::LintOptions& options);
/// "PATH:LINE:COLUMN: error: why [rule]", a line each.
void printProblems(const LintedFile& linted);

/// {"files":[{"path","name","problems":[…]}],"errors","warnings"}
json::object lintJson(const std::vector<LintedFile>& files);
/// SARIF 2.1.0, as code hosts read it.
std::string sarifReport(const std::vector<LintedFile>& files);
/// JUnit: a test case a file; its errors are its failure, warnings its output.
std::string junitReport(const std::vector<LintedFile>& files);

/// Text as XML holds it, control characters left out.
std::string xmlText(std::string_view text);

}  // namespace regesta::cli

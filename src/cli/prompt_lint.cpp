#include <fstream>

#include "cli/commands.h"
#include "cli/lint_report.h"
#include "cli/prompt_files.h"
#include "cli/session.h"
#include "prompt/lint.h"

namespace regesta::cli {

LintedFile lintFile(const std::string& path, const prompt::LintOptions& options) {
  LintedFile linted{.path = path};
  try {
    LocalPrompt local = readPromptFile(path);
    linted.name = local.file.name;
    linted.readable = true;
    for (prompt::Problem& problem : prompt::lint(local.file.prompt, options)) {
      std::size_t line = prompt::fileLine(local.file, problem);
      linted.problems.push_back({std::move(problem), line});
    }
  } catch (const Error& fault) {
    if (fault.code != Code::invalid && fault.code != Code::tooLarge) throw;
    // "PATH:LINE: why", or "PATH: why"
    std::string message = fault.message;
    std::size_t line = 0;
    if (message.starts_with(path + ":")) {
      message.erase(0, path.size() + 1);
      line = static_cast<std::size_t>(std::max(0, std::atoi(message.c_str())));
      if (line > 0) message.erase(0, message.find(':') + 1);
      message.erase(0, message.find_first_not_of(' '));
    }
    linted.problems.push_back({{.severity = prompt::Severity::error, .rule = "file", .message = message}, line});
  }
  return linted;
}

void printProblems(const LintedFile& linted) {
  for (const FileProblem& one : linted.problems) {
    bool error = one.problem.severity == prompt::Severity::error;
    std::string place = one.line > 0 ? fmt::format("{}:{}:{}", linted.path, one.line,
                                                   std::max<std::size_t>(one.problem.place.column, 1))
                                     : linted.path;
    if (one.line == 0 && one.problem.index >= 0) place += fmt::format(": messages[{}]", one.problem.index);
    fmt::print("{}: {}: {} [{}]\n", place, paint(error ? "error" : "warning", error ? Colour::red : Colour::yellow),
               printable(one.problem.message), one.problem.rule);
  }
}

namespace {

void writeReport(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  if (!out.flush()) throw error(Code::invalid, "cannot write {}", path);
}

int lint(Session& session) {
  prompt::LintOptions options;
  if (auto most = session.args.integer("max-tokens")) {
    if (*most <= 0) throw UsageError("--max-tokens must be above 0");
    options.maxTokens = static_cast<std::size_t>(*most);
  }
  std::vector<LintedFile> files;
  for (const std::string& path : promptPaths(session.args.all("PATH"))) files.push_back(lintFile(path, options));
  if (session.args.has("sarif")) writeReport(session.args.text("sarif"), sarifReport(files));
  if (session.args.has("junit")) writeReport(session.args.text("junit"), junitReport(files));
  std::size_t errors = 0, warnings = 0;
  for (const LintedFile& file : files)
    for (const FileProblem& one : file.problems)
      ++(one.problem.severity == prompt::Severity::error ? errors : warnings);
  if (session.json()) {
    printJson(lintJson(files));
  } else {
    for (const LintedFile& file : files) printProblems(file);
    auto counted = [](std::size_t n, std::string_view noun) {
      return fmt::format("{} {}{}", n, noun, n == 1 ? "" : "s");
    };
    fmt::print("{}, {}, {}\n", counted(files.size(), "file"), counted(errors, "error"), counted(warnings, "warning"));
  }
  return errors == 0 ? Exit::done : Exit::failed;
}

}  // namespace

Commands promptLintCommands() {
  return {{.path = "prompt lint",
           .summary = "check prompt files for problems, without a server",
           .operands = {{"PATH", "prompt files, or folders of them", true, true}},
           .options = {{"max-tokens", "N", "warn above this estimate (default 8000)"},
                       {"sarif", "FILE", "also write a SARIF 2.1 report"},
                       {"junit", "FILE", "also write a JUnit report"}},
           .examples = {"regesta prompt lint prompts/", "regesta prompt lint prompts/ --sarif lint.sarif"},
           .run = lint,
           .more = "Exit code 1 if there are errors. docs/prompts.md lists the rules."}};
}

}  // namespace regesta::cli

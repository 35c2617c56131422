#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "prompt/prompt.h"
#include "prompt/prompt_file.h"
#include "prompt/template/scan.h"

namespace regesta::prompt {

enum class Severity { warning, error };
std::string_view severityName(Severity severity);

/// One lint problem.
struct Problem {
  Severity severity = Severity::warning;
  std::string rule;     ///< "undeclared-variable"; docs/prompts.md lists them
  std::string message;  ///< a sentence without a full stop
  int index = -1;       ///< index of the chat message; -1: the text, or no message
  Place place{0, 0};    ///< within that text; line 0: the whole prompt
};

struct LintOptions {
  std::size_t maxTokens = 8000;  ///< a warning above this estimate
  /// The prompt with its partials inserted, if known: variables that partials use are then not unused.
  const Prompt* composed = nullptr;
};

/// Checks a prompt statically. Errors first, then by position; at most limits::problems.
std::vector<Problem> lint(const Prompt& prompt, const LintOptions& options = {});
bool hasErrors(const std::vector<Problem>& problems);

/// [{"severity","rule","message","message_index","line","column"}], without members that do not apply.
json::array problemsJson(const std::vector<Problem>& problems);

/// The problem's line in the file; 0: the whole file.
std::size_t fileLine(const PromptFile& file, const Problem& problem);

/// Estimated number of tokens: one per six letters of a word (rounded up), per three digits of a number, and per run of
/// one punctuation character; a half per letter outside ASCII (CJK: one). Needs no vocabulary; within about 20 % of BPE
/// vocabularies with 100,000 or more tokens for English prose and code.
std::size_t estimatedTokens(std::string_view text);
std::size_t estimatedTokens(const Prompt& prompt);

}  // namespace regesta::prompt

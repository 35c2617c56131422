#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "delivery/prompt.h"
#include "delivery/prompt_file.h"
#include "delivery/template/scan.h"

namespace regesta::delivery {

enum class Severity { warning, error };
std::string_view severityName(Severity severity);

/// One thing that lint found.
struct Problem {
  Severity severity = Severity::warning;
  std::string rule;     ///< "undeclared-variable"; docs/prompts.md lists them
  std::string message;  ///< a sentence without a full stop
  int index = -1;       ///< index of the chat message it stands in; -1: the text, or no message
  Place place{0, 0};    ///< within that text; line 0: it is about the whole prompt
};

struct LintOptions {
  std::size_t maxTokens = 8000;  ///< a warning above this estimate
  /// The prompt with its partials put in, where they are known: what partials use is then not called unused.
  const Prompt* composed = nullptr;
};

/// Looks at a prompt without running anything. Errors first, then by place; at most limits::problems.
std::vector<Problem> lint(const Prompt& prompt, const LintOptions& options = {});
bool hasErrors(const std::vector<Problem>& problems);

/// [{"severity","rule","message","message_index","line","column"}], members that do not apply left out.
json::array problemsJson(const std::vector<Problem>& problems);

/// The line of the file that a problem is about: 0 when it is about the whole.
std::size_t fileLine(const PromptFile& file, const Problem& problem);

/// How many tokens the text is, about: a word is one for each six letters begun, a number one for each three digits, a
/// run of one sign one, a letter outside ASCII a half (CJK: one). Needs no model's vocabulary; within a fifth or so of
/// what BPE vocabularies of 100,000 and more make of English prose and code.
std::size_t estimatedTokens(std::string_view text);
std::size_t estimatedTokens(const Prompt& prompt);

}  // namespace regesta::delivery

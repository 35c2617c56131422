#pragma once
#include <optional>
#include <string>
#include <vector>

#include "prompt/bump.h"
#include "prompt/prompt.h"
#include "prompt/word_diff.h"

namespace regesta::prompt {

/// Comparison of one text of two prompts: the text, or one message.
struct TextDiff {
  enum class Change { same, changed, added, removed } change = Change::same;
  std::string role;           ///< chat messages: the role, or "<name>" of a placeholder
  std::vector<WordRun> runs;  ///< empty for placeholders
};

/// One changed member: "model_config.temperature", "input_schema.properties.tone". An absent side is null.
struct MemberDiff {
  std::string path;
  json::value before, after;
  bool added = false, removed = false;
};

/// The differences of two versions for display: words, members, and the effect on callers.
struct PromptDiff {
  std::vector<TextDiff> texts;
  std::vector<MemberDiff> members;
  BumpVerdict bump;
};

/// `composedBefore` and `composedAfter` have their partials inserted and determine the bump; the words are compared as
/// written.
PromptDiff diffPrompts(const Prompt& before, const Prompt& after, const Prompt& composedBefore,
                       const Prompt& composedAfter);

/// {"texts":[{"change","role","runs":[{"op":"=|-|+","text"}]}],"members":[{"path","before","after"}],"bump",
/// "bump_reasons":[{"bump","what"}]}
json::object diffJson(const PromptDiff& diff);

}  // namespace regesta::prompt

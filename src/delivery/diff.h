#pragma once
#include <optional>
#include <string>
#include <vector>

#include "delivery/bump.h"
#include "delivery/prompt.h"
#include "delivery/word_diff.h"

namespace regesta::delivery {

/// One text of the two prompts beside each other: the text, or one message.
struct TextDiff {
  enum class Change { same, changed, added, removed } change = Change::same;
  std::string role;           ///< chat messages: the role, or "<name>" of a placeholder
  std::vector<WordRun> runs;  ///< empty for placeholders
};

/// One member that differs: "model_config.temperature", "input_schema.properties.tone". An absent side is null.
struct MemberDiff {
  std::string path;
  json::value before, after;
  bool added = false, removed = false;
};

/// What differs between two versions, for a person: the words, the members, and what it means for callers.
struct PromptDiff {
  std::vector<TextDiff> texts;
  std::vector<MemberDiff> members;
  BumpVerdict bump;
};

/// `composedBefore` and `composedAfter` have their partials put in: the bump is between them, the words are those that
/// were written.
PromptDiff diffPrompts(const Prompt& before, const Prompt& after, const Prompt& composedBefore,
                       const Prompt& composedAfter);

/// {"texts":[{"change","role","runs":[{"op":"=|-|+","text"}]}],"members":[{"path","before","after"}],"bump",
/// "bump_reasons":[{"bump","what"}]}
json::object diffJson(const PromptDiff& diff);

}  // namespace regesta::delivery

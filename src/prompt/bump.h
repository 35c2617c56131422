#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "prompt/prompt.h"

namespace regesta::prompt {

enum class Bump { none, patch, minor, major };
std::string_view bumpName(Bump bump);

/// A reason for a bump: "variable 'tone' is newly required" → major.
struct BumpReason {
  Bump bump = Bump::none;
  std::string what;
};
struct BumpVerdict {
  Bump bump = Bump::none;           ///< the highest of the reasons
  std::vector<BumpReason> reasons;  ///< highest first
  std::string inWords() const;      ///< "variable 'tone' is newly required (major); …"
};

/// The effect of a change on callers of the prompt, by the table of docs/prompts.md. Both are composed prompts, so they
/// include the variables of partials.
BumpVerdict bumpBetween(const Prompt& before, const Prompt& after);

}  // namespace regesta::prompt

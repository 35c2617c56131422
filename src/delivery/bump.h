#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "delivery/prompt.h"

namespace regesta::delivery {

enum class Bump { none, patch, minor, major };
std::string_view bumpName(Bump bump);

/// Why a version counts as it does: "variable 'tone' is newly required" → major.
struct BumpReason {
  Bump bump = Bump::none;
  std::string what;
};
struct BumpVerdict {
  Bump bump = Bump::none;           ///< the highest of the reasons
  std::vector<BumpReason> reasons;  ///< highest first
  std::string inWords() const;      ///< "variable 'tone' is newly required (major); …"
};

/// What a change means for those who call the prompt, by the table of docs/prompts.md. Both are composed prompts: what
/// a partial takes, the prompt takes.
BumpVerdict bumpBetween(const Prompt& before, const Prompt& after);

}  // namespace regesta::delivery

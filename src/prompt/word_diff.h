#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace regesta::prompt {

/// A run of words that is the same, was removed, or was added.
struct WordRun {
  enum class Kind { same, removed, added } kind = Kind::same;
  std::string text;
};

/// The difference of two texts, word by word (Myers, "An O(ND) Difference Algorithm", 1986): the runs that are not
/// `added` make `before`, those that are not `removed` make `after`. Texts that differ in more than a few thousand
/// words are compared line by line instead, and beyond that as one item; likewise if `steps`, a budget that several
/// comparisons can share, is used up.
std::vector<WordRun> wordDiff(std::string_view before, std::string_view after, std::size_t& steps);
std::vector<WordRun> wordDiff(std::string_view before, std::string_view after);

/// Equal items of two lists, in order: pairs of indexes (Myers). Empty if they differ in more than `mostEdits`, or if
/// limits::diffSteps do not suffice.
std::vector<std::pair<std::size_t, std::size_t>> commonItems(const std::vector<std::string_view>& before,
                                                             const std::vector<std::string_view>& after,
                                                             std::size_t mostEdits);

}  // namespace regesta::prompt

#include "delivery/bump.h"

#include <algorithm>

namespace regesta::delivery {
namespace {

constexpr std::string_view bumpNames[] = {"none", "patch", "minor", "major"};

}  // namespace

std::string_view bumpName(Bump bump) { return bumpNames[static_cast<int>(bump)]; }

BumpVerdict bumpBetween(const Prompt& before, const Prompt& after) {
  BumpVerdict verdict;
  auto because = [&](Bump bump, std::string what) { verdict.reasons.push_back({bump, std::move(what)}); };
  if (before.chat != after.chat) because(Bump::major, "a text prompt became a chat prompt, or the reverse");
  if (before.format != after.format) because(Bump::major, "the template language changed");
  if (verdict.reasons.empty() && canonicalPrompt(before) != canonicalPrompt(after))
    because(Bump::minor, "the content changed");
  std::ranges::stable_sort(verdict.reasons, std::greater<>(), &BumpReason::bump);
  if (!verdict.reasons.empty()) verdict.bump = verdict.reasons.front().bump;
  return verdict;
}

}  // namespace regesta::delivery

#include "prompt/word_diff.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <optional>
#include <unordered_map>

#include "base/limits_work.h"

namespace regesta::prompt {
namespace {

constexpr std::size_t mostWordEdits = 2000;  // a trace of its square in 32-bit numbers, at worst
constexpr std::size_t mostLineEdits = 1000;

using Items = std::vector<std::string_view>;
using Pairs = std::vector<std::pair<std::size_t, std::size_t>>;

/// Words, runs of white space without line ends, line ends, and single other signs.
Items wordsOf(std::string_view text) {
  Items words;
  auto sortOf = [](unsigned char c) {
    return c == '\n' ? 0 : std::isspace(c) ? 1 : std::isalnum(c) || c == '_' || c >= 0x80 ? 2 : 3;
  };
  for (std::size_t i = 0; i < text.size();) {
    int sort = sortOf(static_cast<unsigned char>(text[i]));
    std::size_t end = i + 1;
    while ((sort == 1 || sort == 2) && end < text.size() && sortOf(static_cast<unsigned char>(text[end])) == sort)
      ++end;
    words.push_back(text.substr(i, end - i));
    i = end;
  }
  return words;
}

Items linesOf(std::string_view text) {
  Items lines;
  while (!text.empty()) {
    std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return lines;
}

/// Numbers for items, so that comparing two takes the same time however long they are.
using Numbers = std::vector<std::uint32_t>;
std::pair<Numbers, Numbers> numbered(const Items& before, const Items& after) {
  std::unordered_map<std::string_view, std::uint32_t> known;
  auto numbersOf = [&](const Items& items) {
    Numbers numbers;
    numbers.reserve(items.size());
    for (std::string_view item : items)
      numbers.push_back(known.try_emplace(item, static_cast<std::uint32_t>(known.size())).first->second);
    return numbers;
  };
  Numbers first = numbersOf(before);
  return {std::move(first), numbersOf(after)};
}

/// Myers' greedy search forward; the furthest points of each step are kept to walk back.
class Search {
 public:
  Search(const Numbers& before, const Numbers& after) : a_(before), b_(after) {}

  /// Nothing: more than `mostEdits`, or more than `steps`, which is counted down.
  std::optional<Pairs> run(std::size_t mostEdits, std::size_t& steps) {
    auto n = static_cast<std::int64_t>(a_.size()), m = static_cast<std::int64_t>(b_.size());
    std::int64_t most = std::min<std::int64_t>(n + m, static_cast<std::int64_t>(mostEdits));
    std::vector<std::int32_t> furthest(static_cast<std::size_t>(2 * most + 3), 0);
    offset_ = most + 1;
    for (std::int64_t d = 0; d <= most; ++d) {
      for (std::int64_t k = -d; k <= d; k += 2) {
        std::int64_t x = start(furthest, k, d), y = x - k, from = x;
        while (x < n && y < m && a_[static_cast<std::size_t>(x)] == b_[static_cast<std::size_t>(y)]) ++x, ++y;
        at(furthest, k) = static_cast<std::int32_t>(x);
        if (x >= n && y >= m) return walkBack(d, n, m);
        auto taken = static_cast<std::size_t>(x - from) + 1;
        if (taken >= steps) {
          steps = 0;
          return std::nullopt;
        }
        steps -= taken;
      }
      trace_.emplace_back(furthest.begin() + (offset_ - d), furthest.begin() + (offset_ + d + 1));
    }
    return std::nullopt;
  }

 private:
  std::int32_t& at(std::vector<std::int32_t>& furthest, std::int64_t k) const {
    return furthest[static_cast<std::size_t>(k + offset_)];
  }
  std::int64_t start(std::vector<std::int32_t>& furthest, std::int64_t k, std::int64_t d) const {
    if (d == 0) return 0;
    bool down = k == -d || (k != d && at(furthest, k - 1) < at(furthest, k + 1));
    return down ? at(furthest, k + 1) : at(furthest, k - 1) + 1;
  }

  /// The diagonals of the path, from the end to the start.
  Pairs walkBack(std::int64_t d, std::int64_t x, std::int64_t y) const {
    Pairs pairs;
    for (; d > 0; --d) {
      const std::vector<std::int32_t>& before = trace_[static_cast<std::size_t>(d - 1)];
      auto reached = [&](std::int64_t k) -> std::int64_t {
        std::int64_t index = k + d - 1;
        return index < 0 || index >= static_cast<std::int64_t>(before.size()) ? -1
                                                                              : before[static_cast<std::size_t>(index)];
      };
      std::int64_t k = x - y;
      bool down = k == -d || (k != d && reached(k - 1) < reached(k + 1));
      std::int64_t fromK = down ? k + 1 : k - 1, fromX = reached(fromK), fromY = fromX - fromK;
      std::int64_t diagonalX = down ? fromX : fromX + 1;
      for (; x > diagonalX; --x, --y)
        pairs.emplace_back(static_cast<std::size_t>(x - 1), static_cast<std::size_t>(y - 1));
      x = fromX;
      y = fromY;
    }
    for (; x > 0 && y > 0; --x, --y)
      pairs.emplace_back(static_cast<std::size_t>(x - 1), static_cast<std::size_t>(y - 1));
    std::ranges::reverse(pairs);
    return pairs;
  }

  const Numbers &a_, &b_;
  std::int64_t offset_ = 0;
  std::vector<std::vector<std::int32_t>> trace_;
};

std::optional<Pairs> common(const Items& beforeItems, const Items& afterItems, std::size_t mostEdits,
                            std::size_t& steps) {
  auto [before, after] = numbered(beforeItems, afterItems);
  std::size_t head = 0, tail = 0, least = std::min(before.size(), after.size());
  while (head < least && before[head] == after[head]) ++head;
  while (tail < least - head && before[before.size() - 1 - tail] == after[after.size() - 1 - tail]) ++tail;
  Numbers a(before.begin() + static_cast<std::ptrdiff_t>(head), before.end() - static_cast<std::ptrdiff_t>(tail));
  Numbers b(after.begin() + static_cast<std::ptrdiff_t>(head), after.end() - static_cast<std::ptrdiff_t>(tail));
  std::optional<Pairs> inner = Search(a, b).run(mostEdits, steps);
  if (!inner) return std::nullopt;
  Pairs pairs;
  for (std::size_t i = 0; i < head; ++i) pairs.emplace_back(i, i);
  for (auto [x, y] : *inner) pairs.emplace_back(x + head, y + head);
  for (std::size_t i = tail; i > 0; --i) pairs.emplace_back(before.size() - i, after.size() - i);
  return pairs;
}

class Runs {
 public:
  void add(WordRun::Kind kind, std::string_view text) {
    if (text.empty()) return;
    if (runs_.empty() || runs_.back().kind != kind) runs_.push_back({kind, ""});
    runs_.back().text += text;
  }
  std::vector<WordRun> take() { return std::move(runs_); }

 private:
  std::vector<WordRun> runs_;
};

std::vector<WordRun> runsOf(const Items& before, const Items& after, const Pairs& pairs) {
  Runs runs;
  std::size_t x = 0, y = 0;
  auto upTo = [&](std::size_t a, std::size_t b) {
    for (; x < a; ++x) runs.add(WordRun::Kind::removed, before[x]);
    for (; y < b; ++y) runs.add(WordRun::Kind::added, after[y]);
  };
  for (auto [a, b] : pairs) {
    upTo(a, b);
    runs.add(WordRun::Kind::same, before[x]);
    ++x, ++y;
  }
  upTo(before.size(), after.size());
  return runs.take();
}

}  // namespace

Pairs commonItems(const Items& before, const Items& after, std::size_t mostEdits) {
  std::size_t steps = limits::diffSteps;
  return common(before, after, mostEdits, steps).value_or(Pairs());
}

std::vector<WordRun> wordDiff(std::string_view before, std::string_view after, std::size_t& steps) {
  Items a = wordsOf(before), b = wordsOf(after);
  if (std::optional<Pairs> pairs = common(a, b, mostWordEdits, steps)) return runsOf(a, b, *pairs);
  a = linesOf(before), b = linesOf(after);
  return runsOf(a, b, common(a, b, mostLineEdits, steps).value_or(Pairs()));
}

std::vector<WordRun> wordDiff(std::string_view before, std::string_view after) {
  std::size_t steps = limits::diffSteps;
  return wordDiff(before, after, steps);
}

}  // namespace regesta::prompt

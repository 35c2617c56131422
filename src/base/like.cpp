// SQL LIKE in time that stays in proportion: texts and patterns both come from outside.
#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <span>

#include "base/cancel.h"
#include "base/text.h"

namespace regesta {
namespace {

constexpr std::size_t fewSteps = 64 * 1024;  // below this product, going back costs less than preparing
constexpr std::size_t notFound = std::string_view::npos;

char folded(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

/// Bytes of the character at the front; a byte that begins none counts as one.
std::size_t characterSize(std::string_view text) {
  auto first = static_cast<unsigned char>(text[0]);
  std::size_t size = first < 0xC2 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 1;
  if (size > text.size()) return 1;
  for (std::size_t i = 1; i < size; ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) return 1;
  return size;
}

/// Remembers the last % and goes back to it on a mismatch: no memory, but the product of both lengths at worst.
bool goingBack(std::string_view text, std::string_view pattern, bool fold) {
  auto same = [&](char a, char b) { return fold ? folded(a) == folded(b) : a == b; };
  std::size_t t = 0, p = 0, star = notFound, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '%') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() && (pattern[p] == '_' || same(pattern[p], text[t]))) {
      t += pattern[p] == '_' ? characterSize(text.substr(t)) : 1;
      ++p;
    } else if (star != notFound) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('%', p) == notFound;
}

/// The part between two %, as characters that are text or "any".
class Segment {
 public:
  Segment(std::string_view pattern, bool fold) : fold_(fold) {
    while (!pattern.empty()) {
      std::size_t size = characterSize(pattern);
      places_.push_back(pattern[0] == '_' ? std::string_view() : pattern.substr(0, size));
      pattern.remove_prefix(size);
    }
  }
  std::size_t size() const { return places_.size(); }

  /// Its end if the text starts with it.
  std::size_t endAtFront(std::string_view text) const {
    std::size_t at = 0;
    for (std::string_view place : places_) {
      if (at == text.size()) return notFound;
      std::size_t size = characterSize(text.substr(at));
      if (!place.empty() && !same(place, text.substr(at, size))) return notFound;
      at += size;
    }
    return at;
  }

  /// Where its first occurrence ends. One bit per place says whether the text read so far ends with the segment up to
  /// there (Shift-And, Baeza-Yates and Gonnet 1992).
  std::size_t endOfFirst(std::string_view text) const {
    if (places_.empty()) return 0;
    std::size_t words = (places_.size() + 63) / 64;
    std::map<std::string, Bits, std::less<>> masks;
    Bits any(words, 0), state(words, 0);
    for (std::size_t i = 0; i < places_.size(); ++i)
      if (places_[i].empty()) any[i / 64] |= bit(i);
    for (std::string_view place : places_)
      if (!place.empty()) masks.try_emplace(key(place), any);
    for (std::size_t i = 0; i < places_.size(); ++i)
      if (!places_[i].empty()) masks.find(key(places_[i]))->second[i / 64] |= bit(i);
    std::array<const Bits*, 128> ofAscii;
    ofAscii.fill(&any);
    for (const auto& [text1, mask] : masks)
      if (text1.size() == 1 && static_cast<unsigned char>(text1[0]) < 128)
        ofAscii[static_cast<unsigned char>(text1[0])] = &mask;
    std::size_t last = places_.size() - 1;
    for (std::size_t at = 0; at < text.size();) {
      std::size_t size = characterSize(text.substr(at));
      const Bits* mask = &any;
      if (auto c = static_cast<unsigned char>(text[at]); c < 128) {
        mask = ofAscii[static_cast<unsigned char>(fold_ ? folded(text[at]) : text[at])];
      } else if (auto found = masks.find(text.substr(at, size)); found != masks.end()) {
        mask = &found->second;
      }
      std::uint64_t carry = 1;
      for (std::size_t w = 0; w < words; ++w) {
        std::uint64_t next = state[w] >> 63;
        state[w] = ((state[w] << 1) | carry) & (*mask)[w];
        carry = next;
      }
      at += size;
      if (state[last / 64] & bit(last)) return at;
    }
    return notFound;
  }

 private:
  using Bits = std::vector<std::uint64_t>;
  static std::uint64_t bit(std::size_t place) { return std::uint64_t{1} << (place % 64); }
  std::string key(std::string_view place) const { return fold_ ? lower(place) : std::string(place); }
  bool same(std::string_view a, std::string_view b) const { return fold_ ? equalsIgnoreCase(a, b) : a == b; }

  std::vector<std::string_view> places_;
  bool fold_;
};

/// The start of the last `count` characters; notFound when there are fewer.
std::size_t startOfLast(std::string_view text, std::size_t count) {
  std::size_t at = text.size();
  for (; count > 0; --count) {
    if (at == 0) return notFound;
    std::size_t from = at > 4 ? at - 4 : 0;
    while (from + 1 < at && from + characterSize(text.substr(from)) != at) ++from;
    at = from;
  }
  return at;
}

/// Each part between two % where it occurs first: nothing later can then be missed, so nothing is tried twice.
bool inOrder(std::string_view text, std::string_view pattern, bool fold) {
  checkCancelled();
  std::vector<std::string_view> parts = split(pattern, '%');
  std::size_t end = Segment(parts.front(), fold).endAtFront(text);
  if (end == notFound) return false;
  if (parts.size() == 1) return end == text.size();
  text.remove_prefix(end);
  for (std::string_view part : std::span(parts).subspan(1, parts.size() - 2)) {
    if (part.empty()) continue;
    if ((end = Segment(part, fold).endOfFirst(text)) == notFound) return false;
    text.remove_prefix(end);
  }
  Segment tail(parts.back(), fold);
  std::size_t from = startOfLast(text, tail.size());
  return from != notFound && tail.endAtFront(text.substr(from)) != notFound;
}

}  // namespace

bool like(std::string_view text, std::string_view pattern, bool ignoreCase) {
  if (text.empty() || pattern.size() <= fewSteps / text.size()) return goingBack(text, pattern, ignoreCase);
  return inOrder(text, pattern, ignoreCase);
}

}  // namespace regesta

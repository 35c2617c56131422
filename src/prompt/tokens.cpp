#include <cctype>
#include <cstdint>

#include "prompt/lint.h"

namespace regesta::prompt {
namespace {

enum class Sort { letter, digit, space, sign, cjk, other };

/// The class of the character at `at`, which then points after it. Broken UTF-8 counts byte for byte.
Sort next(std::string_view text, std::size_t& at) {
  auto c = static_cast<unsigned char>(text[at++]);
  if (c < 0x80) {
    if (std::isalpha(c)) return Sort::letter;
    if (std::isdigit(c)) return Sort::digit;
    return std::isspace(c) ? Sort::space : Sort::sign;
  }
  int more = c >= 0xF0 ? 3 : c >= 0xE0 ? 2 : c >= 0xC0 ? 1 : 0;
  std::uint32_t point = c & (0x3F >> more);
  for (; more > 0 && at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80; --more)
    point = point << 6 | (static_cast<unsigned char>(text[at++]) & 0x3F);
  bool cjk = (point >= 0x2E80 && point <= 0x9FFF) || (point >= 0xAC00 && point <= 0xD7A3) || point >= 0x1F000;
  return cjk ? Sort::cjk : Sort::other;
}

/// Tokens of a run of `length` characters of one sort.
std::size_t tokensOfRun(Sort sort, std::size_t length) {
  switch (sort) {
    case Sort::letter:
      return (length + 5) / 6;
    case Sort::digit:
      return (length + 2) / 3;
    case Sort::space:
      return length > 1 ? 1 : 0;  // a single space belongs to the next word
    case Sort::cjk:
      return length;
    case Sort::other:
      return (length + 1) / 2;
    default:
      return (length + 3) / 4;
  }
}

}  // namespace

std::size_t estimatedTokens(std::string_view text) {
  std::size_t tokens = 0, length = 0;
  Sort run = Sort::space;
  char sign = '\0';
  for (std::size_t at = 0; at < text.size();) {
    char c = text[at];
    Sort sort = next(text, at);
    bool goesOn = sort == run && (sort != Sort::sign || c == sign);
    if (!goesOn) {
      tokens += tokensOfRun(run, length);
      length = 0;
      run = sort;
      sign = c;
    }
    ++length;
  }
  return tokens + tokensOfRun(run, length);
}

std::size_t estimatedTokens(const Prompt& prompt) {
  if (!prompt.chat) return estimatedTokens(prompt.text);
  std::size_t tokens = 0;
  // Each message also costs its role and its frame.
  for (const Message& message : prompt.messages)
    if (message.placeholder.empty()) tokens += estimatedTokens(message.content) + 4;
  return tokens;
}

}  // namespace regesta::prompt

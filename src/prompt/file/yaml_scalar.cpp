#include "prompt/file/yaml_scalar.h"

#include <charconv>
#include <cmath>

#include "base/text.h"

namespace regesta::prompt::file {
namespace {

bool isDigit(char c) { return c >= '0' && c <= '9'; }

template <class Number>
std::optional<Number> wholeNumber(std::string_view digits, int base) {
  Number number = 0;
  auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
  if (failure != std::errc() || end != digits.data() + digits.size() || digits.empty()) return std::nullopt;
  return number;
}

/// [-+]? [0-9]+, 0o17 and 0x1F. Numbers beyond 64 bits are left to the doubles.
std::optional<json::value> integer(std::string_view text) {
  std::string_view digits = text;
  if (digits.starts_with("0x") || digits.starts_with("0o")) {
    auto number = wholeNumber<std::uint64_t>(digits.substr(2), digits[1] == 'x' ? 16 : 8);
    return number ? std::optional<json::value>(*number) : std::nullopt;
  }
  if (digits.starts_with('+')) digits.remove_prefix(1);
  if (digits.empty() || (digits != text && !isDigit(digits[0]))) return std::nullopt;
  if (auto number = wholeNumber<std::int64_t>(digits, 10)) return json::value(*number);
  if (auto number = wholeNumber<std::uint64_t>(digits, 10)) return json::value(*number);
  return std::nullopt;
}

/// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool looksLikeFloat(std::string_view text) {
  std::size_t i = 0, before = 0, after = 0;
  if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
  while (i < text.size() && isDigit(text[i])) ++i, ++before;
  if (i < text.size() && text[i] == '.') {
    ++i;
    while (i < text.size() && isDigit(text[i])) ++i, ++after;
  }
  if (before + after == 0) return false;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
    if (i == text.size()) return false;
    while (i < text.size() && isDigit(text[i])) ++i;
  }
  return i == text.size();
}

bool isInfinityOrNan(std::string_view text) {
  if (text == ".nan" || text == ".NaN" || text == ".NAN") return true;
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return text == ".inf" || text == ".Inf" || text == ".INF";
}

}  // namespace

std::optional<json::value> plainScalar(std::string_view text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return json::value(nullptr);
  if (text == "true" || text == "True" || text == "TRUE") return json::value(true);
  if (text == "false" || text == "False" || text == "FALSE") return json::value(false);
  if (auto number = integer(text)) return number;
  if (isInfinityOrNan(text)) return std::nullopt;
  if (!looksLikeFloat(text)) return json::value(text);
  std::string_view digits = text;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  double number = 0;
  auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (failure != std::errc() || end != digits.data() + digits.size() || !std::isfinite(number)) return std::nullopt;
  return json::value(number);
}

}  // namespace regesta::prompt::file

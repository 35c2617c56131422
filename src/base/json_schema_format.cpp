#include "base/json_schema_format.h"

#include <algorithm>
#include <cctype>

#include "base/text.h"
#include "base/time.h"

namespace regesta {
namespace {

bool isHex(char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; }
bool isSpace(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

bool isUuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !isHex(text[i])) return false;
  }
  return true;
}

bool isIpv4(std::string_view text) {
  auto parts = split(text, '.');
  return parts.size() == 4 && std::ranges::all_of(parts, [](std::string_view part) {
           auto number = parseInteger(part);
           return number && *number >= 0 && *number <= 255 && std::to_string(*number) == part;
         });
}

/// One '@' with something on both sides and a host that could be one; the full grammar is not needed.
bool isEmail(std::string_view text) {
  std::size_t at = text.rfind('@');
  if (at == std::string_view::npos || at == 0 || std::ranges::any_of(text, isSpace)) return false;
  std::string_view host = text.substr(at + 1);
  return !host.empty() && !host.starts_with('.') && !host.ends_with('.') && host.find("..") == std::string_view::npos;
}

bool isUri(std::string_view text) {
  std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || !std::isalpha(static_cast<unsigned char>(text[0]))) return false;
  bool scheme = std::ranges::all_of(
      text.substr(0, colon), [](unsigned char c) { return std::isalnum(c) || c == '+' || c == '-' || c == '.'; });
  return scheme && std::ranges::none_of(text, isSpace);
}

}  // namespace

bool hasFormat(std::string_view text, std::string_view format) {
  if (format == "date-time") return parseTime(text).has_value();
  if (format == "date") return text.size() == 10 && parseTime(std::string(text) + "T00:00:00Z").has_value();
  if (format == "email") return isEmail(text);
  if (format == "uri") return isUri(text);
  if (format == "uuid") return isUuid(text);
  if (format == "ipv4") return isIpv4(text);
  return true;
}

}  // namespace regesta

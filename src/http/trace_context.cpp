#include "http/trace_context.h"

#include <algorithm>

namespace regesta::http {
namespace {

constexpr std::size_t lengthOfVersion00 = 55;  // 2 + 1 + 32 + 1 + 16 + 1 + 2

bool isLowerHex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool isId(std::string_view text) { return isLowerHex(text) && text.find_first_not_of('0') != std::string_view::npos; }

/// Whether bit 0 of two hexadecimal digits is set.
bool isOdd(std::string_view digits) {
  return std::string_view("13579bdf").find(digits.back()) != std::string_view::npos;
}

}  // namespace

std::optional<TraceContext> parseTraceparent(std::string_view value) {
  if (value.size() < lengthOfVersion00) return std::nullopt;
  const std::string_view version = value.substr(0, 2), flags = value.substr(53, 2);
  TraceContext context{.traceId = value.substr(3, 32), .spanId = value.substr(36, 16), .sampled = isOdd(flags)};
  const bool separated = value[2] == '-' && value[35] == '-' && value[52] == '-';
  if (!separated || !isLowerHex(version) || version == "ff" || !isLowerHex(flags)) return std::nullopt;
  if (value.size() > lengthOfVersion00 && (version == "00" || value[lengthOfVersion00] != '-')) return std::nullopt;
  if (!isId(context.traceId) || !isId(context.spanId)) return std::nullopt;
  return context;
}

}  // namespace regesta::http

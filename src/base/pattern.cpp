#include "base/pattern.h"

#include <regesta_native.h>

#include <algorithm>

#include "base/cancel.h"
#include "base/error.h"
#include "base/limits_work.h"

namespace regesta {
namespace {

const std::uint8_t* bytesOf(std::string_view text) { return reinterpret_cast<const std::uint8_t*>(text.data()); }

/// "{3}", "{3,}", "{,5}" or "{3,5}" at the front.
bool isCount(std::string_view text) {
  std::size_t end = text.find('}');
  if (end == std::string_view::npos || end < 2) return false;
  std::string_view inside = text.substr(1, end - 1);
  bool known = inside.find_first_not_of("0123456789,") == std::string_view::npos;
  return known && inside != "," && std::count(inside.begin(), inside.end(), ',') < 2;
}

/// Other engines take a brace that counts nothing as itself, which people who search in JSON rely on.
std::string escapeLoneBraces(std::string_view expression) {
  std::string out;
  for (std::size_t i = 0; i < expression.size(); ++i) {
    char c = expression[i];
    if (c == '\\' && i + 1 < expression.size()) {
      char next = expression[++i];
      out += {c, next};
      bool named = std::string_view("pPxuUb").find(next) != std::string_view::npos;  // \p{Greek}, \x{1F600}
      if (named && i + 1 < expression.size() && expression[i + 1] == '{') out += expression[++i];
      continue;
    }
    if (c == '{' && !isCount(expression.substr(i))) out += '\\';
    out += c;
  }
  return out;
}

RegestaPattern* compile(std::string_view written) {
  if (written.size() > limits::patternLength)
    throw error(Code::invalid, "it is longer than {} bytes", limits::patternLength);
  std::string expression = escapeLoneBraces(written);
  RegestaPattern* pattern = nullptr;
  RegestaBuffer message{};
  int status = regesta_pattern_new(bytesOf(expression), expression.size(), limits::patternProgram, &pattern, &message);
  if (status == REGESTA_OK) return pattern;
  std::string why = "it cannot be compiled";
  if (status == REGESTA_ERROR) {
    why.assign(reinterpret_cast<const char*>(message.data), message.size);
    regesta_buffer_free(message);
  }
  throw Error(Code::invalid, std::move(why));
}

}  // namespace

Pattern::Pattern(std::string_view expression)
    : compiled_(compile(expression), [](void* it) { regesta_pattern_free(static_cast<RegestaPattern*>(it)); }) {}

bool Pattern::isIn(std::string_view text) const {
  checkCancelled();
  int found = regesta_pattern_found(static_cast<const RegestaPattern*>(compiled_.get()), bytesOf(text), text.size());
  if (found < 0) throw Error(Code::internal, "a search with a regular expression failed");
  return found == 1;
}

}  // namespace regesta

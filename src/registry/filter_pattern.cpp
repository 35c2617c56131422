#include "registry/filter_pattern.h"

#include <regex.h>

#include "base/error.h"

namespace regesta::registry {
namespace {

constexpr std::size_t patternLength = 500;
constexpr std::size_t subjectLength = 64 * 1024;

[[noreturn]] void refuse(std::string_view what) {
  throw error(Code::invalid, "Invalid regular expression for RLIKE: {}", what);
}

/// In POSIX's spelling.
std::string translated(const std::string& expression) {
  if (expression.size() > patternLength) refuse("it is longer than 500 bytes");
  std::string out;
  for (std::size_t i = 0; i < expression.size(); ++i) {
    char c = expression[i];
    if (c == '{') refuse("counted repetition is not supported");
    if (c == '(' && expression.substr(i, 2) == "(?") refuse("(?…) is not supported");
    if (c != '\\') {
      out += c;
      continue;
    }
    if (++i == expression.size()) refuse("it ends with a backslash");
    c = expression[i];
    if (c >= '0' && c <= '9') refuse("back references are not supported");
    if (c == 'd') {
      out += "[0-9]";
    } else if (c == 'D') {
      out += "[^0-9]";
    } else {
      out += '\\';
      out += c;
    }
  }
  return out;
}

}  // namespace

struct Pattern::Compiled {
  explicit Compiled(const std::string& expression) {
    int failure = ::regcomp(&regex, translated(expression).c_str(), REG_EXTENDED | REG_NOSUB);
    if (failure == 0) return;
    char reason[200];
    ::regerror(failure, &regex, reason, sizeof reason);
    refuse(reason);
  }
  ~Compiled() { ::regfree(&regex); }
  Compiled(const Compiled&) = delete;
  Compiled& operator=(const Compiled&) = delete;
  regex_t regex;
};

Pattern::Pattern(const std::string& expression) : compiled_(std::make_shared<const Compiled>(expression)) {}

bool Pattern::isIn(const std::string& text) const {
  const std::string head = text.size() > subjectLength ? text.substr(0, subjectLength) : std::string();
  return ::regexec(&compiled_->regex, (head.empty() ? text : head).c_str(), 0, nullptr, 0) == 0;
}

}  // namespace regesta::registry

#include "registry/filter_pattern.h"

#include <regex.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace regesta::registry {
namespace {

constexpr std::size_t patternLength = 500;
constexpr std::size_t subjectLength = 64 * 1024;
constexpr std::int64_t repetitions = 250;  // POSIX promises 255 for one count

[[noreturn]] void refuse(std::string_view what) {
  throw error(Code::invalid, "Invalid regular expression for RLIKE: {}", what);
}

/// Counts of an expression: the compiler writes out what is repeated, so their product is what it costs.
class Repetitions {
 public:
  /// "{3}", "{3,}" or "{3,5}" at `at`: its length. 0: the brace stands for itself.
  std::size_t take(std::string_view expression, std::size_t at) {
    std::size_t end = expression.find('}', at);
    if (end == std::string_view::npos) return 0;
    std::string_view inside = expression.substr(at + 1, end - at - 1);
    std::size_t comma = std::min(inside.find(','), inside.size());
    std::string_view least = inside.substr(0, comma), most = inside.substr(std::min(comma + 1, inside.size()));
    if (least.empty() || !isNumber(least) || !isNumber(most)) return 0;
    std::int64_t count = parseInteger(most.empty() ? least : most).value_or(repetitions + 1);
    product_ *= std::clamp<std::int64_t>(count, 1, repetitions + 1);
    if (product_ > repetitions) refuse(fmt::format("it repeats more than {} times", repetitions));
    return end - at + 1;
  }

 private:
  static bool isNumber(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  }
  std::int64_t product_ = 1;
};

/// In POSIX's spelling.
std::string translated(const std::string& expression) {
  if (expression.size() > patternLength) refuse("it is longer than 500 bytes");
  std::string out;
  Repetitions counts;
  for (std::size_t i = 0; i < expression.size(); ++i) {
    char c = expression[i];
    if (c == '{') {
      std::size_t length = counts.take(expression, i);
      out += length > 0 ? expression.substr(i, length) : "\\{";
      i += length > 0 ? length - 1 : 0;
      continue;
    }
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

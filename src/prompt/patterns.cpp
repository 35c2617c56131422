#include "prompt/patterns.h"

#include <map>

#include "base/error.h"
#include "base/pattern.h"
#include "base/text.h"

namespace regesta::prompt {
namespace {

constexpr std::size_t mostPatterns = 100;  // compiling one takes up to milliseconds and limits::patternProgram

Pattern compile(std::string_view expression) {
  try {
    return Pattern(expression);
  } catch (const Error& e) {
    throw error(e.code, "the pattern \"{}\" cannot be used: {}", shorten(expression, 200), e.message);
  }
}

}  // namespace

PatternSearch patternSearch() {
  return
      [kept = std::map<std::string, Pattern, std::less<>>()](std::string_view pattern, std::string_view text) mutable {
        auto found = kept.find(pattern);
        if (found == kept.end()) {
          if (kept.size() == mostPatterns)
            throw error(Code::tooLarge, "at most {} different patterns may be used", mostPatterns);
          found = kept.emplace(std::string(pattern), compile(pattern)).first;
        }
        return found->second.isIn(text);
      };
}

}  // namespace regesta::prompt

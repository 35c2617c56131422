#include "delivery/check/patterns.h"

#include "base/error.h"
#include "base/text.h"

namespace regesta::delivery::check {

PatternSearch patternsBy(policy::Engine& engine) {
  return [&engine](std::string_view pattern, std::string_view text) {
    json::object input{{"pattern", pattern}, {"text", text}};
    policy::EvalResult result = engine.eval({}, "regex.match(input.pattern, input.text)", writeJson(input));
    if (result.error.empty() && result.value.is_bool()) return result.value.get_bool();
    // The engine tells the place within our own query, which nobody wrote.
    std::size_t reason = result.error.find("invalid regex");
    throw error(Code::invalid, "the pattern \"{}\" cannot be used: {}", shorten(pattern, 200),
                reason == std::string::npos
                    ? result.error
                    : "it is not in RE2's syntax (no look-around, no back references), or too large");
  };
}

}  // namespace regesta::delivery::check

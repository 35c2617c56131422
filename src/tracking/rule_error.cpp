#include "tracking/rule_error.h"

#include "base/json.h"
#include "base/text.h"

namespace regesta::tracking {
namespace {

std::string quoted(std::string_view value) {
  std::string shown;
  if (!value.empty()) appendJsonString(shown, shorten(value, 500));
  return shown;
}

}  // namespace

RuleError::RuleError(Rule id, std::string field, std::string rule, std::string_view value,
                     std::vector<std::string> facts)
    : Invalid(std::move(field), std::move(rule), quoted(value)), id(id), value(value), facts(std::move(facts)) {}

}  // namespace regesta::tracking

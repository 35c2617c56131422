#include <algorithm>
#include <cmath>

#include "base/json_schema.h"
#include "base/semver.h"
#include "rollout/choose.h"

namespace regesta::rollout {
namespace {

using registry::RolloutCondition;

template <class Test>
bool anyText(const RolloutCondition& condition, const json::value& value, Test test) {
  if (!value.is_string()) return false;
  std::string_view text = value.get_string();
  return std::ranges::any_of(condition.values, [&](const json::value& wanted) {
    return wanted.is_string() && test(text, std::string_view(wanted.get_string()));
  });
}

template <class Test>
bool anyNumber(const RolloutCondition& condition, const json::value& value, Test test) {
  if (!value.is_number()) return false;
  double number = value.to_number<double>();
  return std::ranges::any_of(condition.values, [&](const json::value& wanted) {
    return wanted.is_number() && test(number, wanted.to_number<double>());
  });
}

bool inAnyRange(std::string_view text, std::string_view range) {
  std::optional<SemVer> version = SemVer::parse(text);
  return version && inRange(*version, range).value_or(false);
}

bool holds(const RolloutCondition& condition, const json::value& value) {
  const std::string& op = condition.op;
  if (op == "exists") return !value.is_null();
  if (op == "in" || op == "not_in") {
    bool in = std::ranges::any_of(condition.values, [&](const json::value& wanted) { return sameJson(value, wanted); });
    return in == (op == "in");
  }
  if (op == "starts_with")
    return anyText(condition, value, [](auto text, auto wanted) { return text.starts_with(wanted); });
  if (op == "ends_with")
    return anyText(condition, value, [](auto text, auto wanted) { return text.ends_with(wanted); });
  if (op == "contains")
    return anyText(condition, value, [](auto text, auto wanted) { return text.find(wanted) != text.npos; });
  if (op == "semver") return anyText(condition, value, inAnyRange);
  if (op == "gt") return anyNumber(condition, value, std::greater<>());
  if (op == "ge") return anyNumber(condition, value, std::greater_equal<>());
  if (op == "lt") return anyNumber(condition, value, std::less<>());
  return anyNumber(condition, value, std::less_equal<>());
}

}  // namespace

bool matches(const registry::RolloutSegment& segment, const EvaluationContext& context) {
  return std::ranges::all_of(segment.when, [&](const RolloutCondition& condition) {
    if (condition.attribute == "targetingKey") return holds(condition, json::value(context.key));
    const json::value* value = context.attributes.if_contains(condition.attribute);
    return holds(condition, value ? *value : json::value());
  });
}

}  // namespace regesta::rollout

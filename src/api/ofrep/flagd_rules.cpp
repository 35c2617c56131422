#include "api/ofrep/flagd_rules.h"

namespace regesta::api::ofrep {
namespace {

using registry::RolloutCondition;
using registry::RolloutPlan;

json::value apply(std::string_view name, json::array arguments) {
  json::object call;
  call[name] = std::move(arguments);
  return call;
}

json::value variable(std::string_view name) {
  json::object read;
  read["var"] = name;
  return read;
}

/// True for any of the condition's values that `test` can say something about.
template <class Test>
json::value anyOf(const RolloutCondition& condition, bool (json::value::*fits)() const noexcept, Test test) {
  json::array tests;
  for (const json::value& value : condition.values)
    if ((value.*fits)()) tests.emplace_back(test(value));
  if (tests.empty()) return false;
  return tests.size() == 1 ? std::move(tests.front()) : apply("or", std::move(tests));
}

json::value textTest(const RolloutCondition& condition, std::string_view operation) {
  return anyOf(condition, &json::value::is_string, [&](const json::value& wanted) {
    return operation == "contains" ? apply("in", {wanted, variable(condition.attribute)})
                                   : apply(operation, {variable(condition.attribute), wanted});
  });
}

json::value numberTest(const RolloutCondition& condition, std::string_view operation) {
  json::array tests;
  for (const json::value& value : condition.values)
    if (value.is_number()) tests.emplace_back(apply(operation, {variable(condition.attribute), value}));
  if (tests.empty()) return false;
  // The language would compare "5" and true with numbers, too; times one, only a number stays what it is.
  json::value isNumber = apply("===", {apply("*", {variable(condition.attribute), 1}), variable(condition.attribute)});
  return apply("and", {std::move(isNumber), apply("or", std::move(tests))});
}

std::optional<json::value> conditionOf(const RolloutCondition& condition) {
  const std::string& op = condition.op;
  if (condition.attribute.find('.') != std::string::npos || op == "semver") return std::nullopt;
  if (op == "exists") {
    if (condition.attribute == "targetingKey") return true;  // no key is the empty key, and that is one
    return apply("!=", {variable(condition.attribute), nullptr});
  }
  json::value in = apply("in", {variable(condition.attribute), condition.values});
  if (op == "in") return in;
  if (op == "not_in") return apply("!", {std::move(in)});
  if (op == "gt") return numberTest(condition, ">");
  if (op == "ge") return numberTest(condition, ">=");
  if (op == "lt") return numberTest(condition, "<");
  if (op == "le") return numberTest(condition, "<=");
  return textTest(condition, op);
}

std::optional<json::value> conditionsOf(const registry::RolloutSegment& segment) {
  json::array all;
  for (const RolloutCondition& condition : segment.when) {
    std::optional<json::value> one = conditionOf(condition);
    if (!one) return std::nullopt;
    all.push_back(*std::move(one));
  }
  if (all.empty()) return true;
  return all.size() == 1 ? std::move(all.front()) : apply("and", std::move(all));
}

/// The share of the keys, by the bucketing that the rollout was started with; without a key, the stable version.
json::value split(const registry::Rollout& rollout, std::int64_t share) {
  json::array buckets;
  buckets.emplace_back(apply("cat", {rollout.salt, variable("targetingKey")}));
  std::int64_t begin = 0;
  for (const rollout::Slice& slice : rollout::slicesOf(rollout.plan, share)) {
    std::string_view name = "stable";
    if (slice.arm >= 0) name = rollout.plan.arms[static_cast<std::size_t>(slice.arm)].name;
    buckets.emplace_back(json::array{name, slice.end - begin});
    begin = slice.end;
  }
  return apply("if", {variable("targetingKey"), apply("fractional", std::move(buckets)), "stable"});
}

}  // namespace

std::optional<json::value> targetingOf(const registry::Rollout& rollout) {
  if (rollout.forced != 0) return json::value();
  if (rollout.algorithm != registry::bucketingFlagd) return std::nullopt;
  json::array branches;
  for (const registry::RolloutSegment& segment : rollout.plan.segments) {
    std::optional<json::value> condition = conditionsOf(segment);
    if (!condition) return std::nullopt;
    branches.push_back(*std::move(condition));
    branches.push_back(segment.serve.empty() ? split(rollout, segment.share) : json::value(segment.serve));
  }
  json::value otherwise = split(rollout, rollout.share());
  if (branches.empty()) return otherwise;
  branches.push_back(std::move(otherwise));
  return apply("if", std::move(branches));
}

}  // namespace regesta::api::ofrep

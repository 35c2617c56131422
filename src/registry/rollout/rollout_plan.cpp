#include "registry/rollout/rollout_plan.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "base/error.h"
#include "base/limits_delivery.h"
#include "base/semver.h"
#include "base/text.h"

namespace regesta::registry {
namespace {

constexpr std::int64_t longestBakeSeconds = 366LL * 24 * 3600;
constexpr std::string_view operators[] = {"in", "not_in", "starts_with", "ends_with", "contains", "exists",
                                          "gt", "ge",     "lt",          "le",        "semver"};

const json::object& objectOf(const json::value& value, const std::string& path) {
  if (!value.is_object()) throw Invalid(path, "must be an object");
  return value.get_object();
}

void onlyMembers(const json::object& object, const std::string& path, std::initializer_list<std::string_view> known) {
  for (const auto& member : object)
    if (std::ranges::find(known, std::string_view(member.key())) == known.end())
      throw Invalid(
          path.empty() ? std::string(member.key()) : fmt::format("{}.{}", path, std::string_view(member.key())),
          "is not a member of a rollout plan");
}

/// The list under `name`; absent or null: none.
std::span<const json::value> listOf(const json::object& object, std::string_view name, const std::string& path,
                                    std::size_t most) {
  const json::value* value = object.if_contains(name);
  if (!value || value->is_null()) return {};
  if (!value->is_array()) throw Invalid(path, "must be a list");
  if (value->get_array().size() > most) throw Invalid(path, fmt::format("must have at most {} members", most));
  return value->get_array();
}

std::string textOf(const json::object& object, std::string_view name, const std::string& path, std::size_t most) {
  const json::value* value = object.if_contains(name);
  if (!value || value->is_null()) return {};
  if (!value->is_string()) throw Invalid(path, "must be text");
  std::string_view text = value->get_string();
  if (text.size() > most || !isUtf8(text)) throw Invalid(path, fmt::format("must be UTF-8 of at most {} bytes", most));
  return std::string(text);
}

std::optional<double> numberOf(const json::object& object, std::string_view name, const std::string& path) {
  const json::value* value = object.if_contains(name);
  if (!value || value->is_null()) return std::nullopt;
  if (!value->is_number()) throw Invalid(path, "must be a number");
  return value->to_number<double>();
}

std::int64_t wholeOf(const json::object& object, std::string_view name, const std::string& path, std::int64_t least,
                     std::int64_t most, std::int64_t absent) {
  std::optional<double> number = numberOf(object, name, path);
  if (!number) return absent;
  if (!(*number >= static_cast<double>(least) && *number <= static_cast<double>(most)) ||
      *number != std::floor(*number))
    throw Invalid(path, fmt::format("must be a whole number from {} to {}", least, most));
  return static_cast<std::int64_t>(*number);
}

/// Percent with at most two decimals, as a share.
std::optional<std::int64_t> shareOf(const json::object& object, std::string_view name, const std::string& path) {
  std::optional<double> percent = numberOf(object, name, path);
  if (!percent) return std::nullopt;
  double share = *percent * 100;
  if (!(share >= 0 && share <= wholeShare) || std::abs(share - std::round(share)) > 1e-6)
    throw Invalid(path, "must be a percentage from 0 to 100 with at most two decimals");
  return std::llround(share);
}

json::value percent(std::int64_t share) {
  if (share % 100 == 0) return share / 100;
  return static_cast<double>(share) / 100;
}

bool isArmName(std::string_view name) {
  return !name.empty() && name.size() <= 64 && name != "stable" &&
         name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") ==
             std::string_view::npos;
}

RolloutArm parseArm(const json::value& value, const std::string& path) {
  const json::object& object = objectOf(value, path);
  onlyMembers(object, path, {"name", "version", "weight"});
  RolloutArm arm;
  arm.name = textOf(object, "name", path + ".name", 64);
  if (!isArmName(arm.name))
    throw Invalid(path + ".name", "must be letters, digits, '_' and '-', at most 64, and not \"stable\"");
  arm.version = wholeOf(object, "version", path + ".version", 1, INT64_C(1) << 52, 0);
  if (arm.version == 0) throw Invalid(path + ".version", "is required");
  arm.weight = wholeOf(object, "weight", path + ".weight", 1, wholeShare, 1);
  return arm;
}

void parseArms(const json::object& object, RolloutPlan& plan) {
  std::span<const json::value> list = listOf(object, "arms", "arms", limits::rolloutArms);
  if (list.empty()) throw Invalid("arms", "must name at least one version");
  for (std::size_t i = 0; i < list.size(); ++i) {
    std::string path = fmt::format("arms[{}]", i);
    RolloutArm arm = parseArm(list[i], path);
    if (plan.arm(arm.name)) throw Invalid(path + ".name", "is taken by another arm");
    plan.arms.push_back(std::move(arm));
  }
}

void parseSteps(const json::object& object, RolloutPlan& plan) {
  constexpr std::int64_t hour = 3'600'000;
  std::span<const json::value> list = listOf(object, "steps", "steps", limits::rolloutSteps);
  if (list.empty()) plan.steps = {{1000, hour}, {5000, hour}, {wholeShare, hour}};
  for (std::size_t i = 0; i < list.size(); ++i) {
    std::string path = fmt::format("steps[{}]", i);
    const json::object& step = objectOf(list[i], path);
    onlyMembers(step, path, {"weight", "bake_seconds"});
    std::optional<std::int64_t> share = shareOf(step, "weight", path + ".weight");
    if (!share) throw Invalid(path + ".weight", "is required");
    if (i > 0 && *share <= plan.steps.back().share)
      throw Invalid(path + ".weight", "must be more than in the step before: keys that have a version keep it");
    std::int64_t seconds = wholeOf(step, "bake_seconds", path + ".bake_seconds", 0, longestBakeSeconds, manualStep);
    plan.steps.push_back({*share, seconds == manualStep ? manualStep : seconds * 1000});
  }
}

RolloutCondition parseCondition(const json::value& value, const std::string& path) {
  const json::object& object = objectOf(value, path);
  onlyMembers(object, path, {"attribute", "operator", "values"});
  RolloutCondition condition;
  condition.attribute = textOf(object, "attribute", path + ".attribute", 250);
  if (condition.attribute.empty()) throw Invalid(path + ".attribute", "is required");
  condition.op = textOf(object, "operator", path + ".operator", 64);
  if (std::ranges::find(operators, condition.op) == std::end(operators))
    throw Invalid(path + ".operator", fmt::format("must be one of {}", fmt::join(operators, ", ")));
  for (const json::value& one : listOf(object, "values", path + ".values", limits::rolloutValues)) {
    if (one.is_object() || one.is_array() || one.is_null())
      throw Invalid(path + ".values", "must be strings, numbers or booleans");
    condition.values.push_back(one);
  }
  if (condition.values.empty() != (condition.op == "exists"))
    throw Invalid(path + ".values", condition.op == "exists" ? "must be absent for exists" : "is required");
  for (const json::value& one : condition.values)
    if (condition.op == "semver" && !(one.is_string() && inRange({}, one.get_string())))
      throw Invalid(path + ".values", "must be SemVer ranges such as ^1.2");
  return condition;
}

RolloutSegment parseSegment(const json::value& value, const std::string& path, const RolloutPlan& plan) {
  const json::object& object = objectOf(value, path);
  onlyMembers(object, path, {"name", "when", "serve", "weight"});
  RolloutSegment segment;
  segment.name = textOf(object, "name", path + ".name", 250);
  std::span<const json::value> when = listOf(object, "when", path + ".when", limits::rolloutConditions);
  if (when.empty()) throw Invalid(path + ".when", "must have at least one condition");
  for (std::size_t i = 0; i < when.size(); ++i)
    segment.when.push_back(parseCondition(when[i], fmt::format("{}.when[{}]", path, i)));
  segment.serve = textOf(object, "serve", path + ".serve", 64);
  std::optional<std::int64_t> share = shareOf(object, "weight", path + ".weight");
  if (segment.serve.empty() != share.has_value()) throw Invalid(path, "must have either \"serve\" or \"weight\"");
  if (!segment.serve.empty() && segment.serve != "stable" && !plan.arm(segment.serve))
    throw Invalid(path + ".serve", "must be \"stable\" or the name of an arm");
  segment.share = share.value_or(0);
  return segment;
}

json::object conditionJson(const RolloutCondition& condition) {
  json::object object{{"attribute", condition.attribute}, {"operator", condition.op}};
  if (!condition.values.empty()) object["values"] = condition.values;
  return object;
}

json::object segmentJson(const RolloutSegment& segment) {
  json::array when;
  for (const RolloutCondition& condition : segment.when) when.push_back(conditionJson(condition));
  json::object object{{"when", std::move(when)}};
  if (!segment.name.empty()) object["name"] = segment.name;
  if (segment.serve.empty())
    object["weight"] = percent(segment.share);
  else
    object["serve"] = segment.serve;
  return object;
}

}  // namespace

const RolloutArm* RolloutPlan::arm(std::string_view name) const {
  auto found = std::ranges::find(arms, name, &RolloutArm::name);
  return found == arms.end() ? nullptr : &*found;
}

RolloutPlan parsePlan(std::string_view text) {
  if (text.size() > limits::rolloutPlan)
    throw Invalid("plan", fmt::format("must be at most {} bytes", limits::rolloutPlan));
  return planOf(parseJson(text));
}

RolloutPlan planOf(const json::value& parsed) {
  const json::object& object = objectOf(parsed, "plan");
  onlyMembers(object, "", {"arms", "steps", "segments", "holdback", "guards"});
  RolloutPlan plan;
  parseArms(object, plan);
  parseSteps(object, plan);
  std::span<const json::value> segments = listOf(object, "segments", "segments", limits::rolloutSegments);
  for (std::size_t i = 0; i < segments.size(); ++i)
    plan.segments.push_back(parseSegment(segments[i], fmt::format("segments[{}]", i), plan));
  plan.holdback = shareOf(object, "holdback", "holdback").value_or(0);
  std::span<const json::value> guards = listOf(object, "guards", "guards", limits::rolloutGuards);
  for (const json::value& guard : guards) plan.guards.push_back(guard);
  return plan;
}

json::object planJson(const RolloutPlan& plan) {
  json::array arms, steps, segments;
  for (const RolloutArm& arm : plan.arms)
    arms.push_back(json::object{{"name", arm.name}, {"version", arm.version}, {"weight", arm.weight}});
  for (const RolloutStep& step : plan.steps) {
    json::object object{{"weight", percent(step.share)}};
    if (step.bakeMillis != manualStep) object["bake_seconds"] = step.bakeMillis / 1000;
    steps.push_back(std::move(object));
  }
  for (const RolloutSegment& segment : plan.segments) segments.push_back(segmentJson(segment));
  json::object object{{"arms", std::move(arms)}, {"steps", std::move(steps)}};
  if (!segments.empty()) object["segments"] = std::move(segments);
  if (plan.holdback != 0) object["holdback"] = percent(plan.holdback);
  if (!plan.guards.empty()) object["guards"] = plan.guards;
  return object;
}

std::string canonicalPlan(const RolloutPlan& plan) { return canonicalJson(planJson(plan)); }

}  // namespace regesta::registry

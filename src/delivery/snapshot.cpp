#include "delivery/snapshot.h"

#include "base/error.h"

namespace regesta::delivery {
namespace {

constexpr std::int64_t largestStep = 1000;

[[noreturn]] void refuse(std::string_view what) {
  throw error(Code::invalid, "this is not a prompt snapshot: {}", what);
}

const json::value& memberOf(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (!value) refuse(fmt::format("{} is missing", name));
  return *value;
}

std::string textOf(const json::object& object, std::string_view name) {
  const json::value& value = memberOf(object, name);
  if (!value.is_string()) refuse(fmt::format("{} is not text", name));
  return std::string(value.get_string());
}

std::int64_t numberOf(const json::object& object, std::string_view name, std::int64_t least, std::int64_t most) {
  const json::value& value = memberOf(object, name);
  if (!value.is_int64() || value.get_int64() < least || value.get_int64() > most)
    refuse(fmt::format("{} is not a number in its range", name));
  return value.get_int64();
}

const json::object& objectOf(const json::value& value, std::string_view name) {
  if (!value.is_object()) refuse(fmt::format("{} is not an object", name));
  return value.get_object();
}

json::object renderedJson(const Rendered& rendered) { return {{"etag", rendered.etag}, {"body", rendered.body}}; }

Rendered readRendered(const json::value& value) {
  const json::object& object = objectOf(value, "an answer");
  return {textOf(object, "body"), textOf(object, "etag")};
}

json::object rolloutJson(const registry::Rollout& rollout) {
  return {{"id", rollout.id},       {"stable", rollout.stable},
          {"step", rollout.step},   {"forced", rollout.forced},
          {"salt", rollout.salt},   {"algorithm", rollout.algorithm},
          {"alias", rollout.alias}, {"plan", parseJson(registry::canonicalPlan(rollout.plan))}};
}

registry::Rollout readRollout(const json::object& object) {
  registry::Rollout rollout;
  rollout.id = numberOf(object, "id", 1, INT64_MAX);
  rollout.stable = numberOf(object, "stable", 1, INT64_MAX);
  rollout.forced = numberOf(object, "forced", 0, INT64_MAX);
  rollout.salt = textOf(object, "salt");
  rollout.alias = textOf(object, "alias");
  rollout.algorithm = textOf(object, "algorithm");
  if (rollout.algorithm != registry::bucketingFlagd)
    refuse(fmt::format("the bucketing '{}' is unknown", rollout.algorithm));
  rollout.plan = registry::planOf(memberOf(object, "plan"));
  rollout.step = numberOf(object, "step", 0, largestStep);
  if (rollout.step >= static_cast<std::int64_t>(rollout.plan.steps.size())) refuse("its step is beyond its plan");
  return rollout;
}

}  // namespace

const Rendered& Snapshot::resolve(const rollout::Chooser* chooser, const rollout::EvaluationContext& context) const {
  if (!chooser) return resolved.front();
  if (bucket < 0) return resolved[chooser->place(chooser->choose(context))];
  return resolved[chooser->place(chooser->choose({.attributes = context.attributes, .bucket = bucket}))];
}

std::string writeSnapshot(const Snapshot& snapshot) {
  json::object object{{"prompt", snapshot.prompt}, {"selector", snapshot.selector}, {"fixed", snapshot.fixed}};
  if (snapshot.bucket >= 0) object["bucket"] = snapshot.bucket;
  if (snapshot.rollout) object["rollout"] = rolloutJson(*snapshot.rollout);
  json::array resolved;
  for (const Rendered& rendered : snapshot.resolved) resolved.push_back(renderedJson(rendered));
  object["resolved"] = std::move(resolved);
  object["version"] = renderedJson(snapshot.version);
  return writeJson(object);
}

Snapshot readSnapshot(std::string_view text) {
  json::value parsed = parseJson(text);
  const json::object& object = objectOf(parsed, "it");
  Snapshot snapshot;
  snapshot.prompt = textOf(object, "prompt");
  snapshot.selector = textOf(object, "selector");
  const json::value& fixed = memberOf(object, "fixed");
  snapshot.fixed = fixed.is_bool() && fixed.get_bool();
  if (object.contains("bucket")) snapshot.bucket = static_cast<int>(numberOf(object, "bucket", 0, 99));
  if (const json::value* rollout = object.if_contains("rollout"))
    snapshot.rollout = readRollout(objectOf(*rollout, "rollout"));
  const json::value& resolved = memberOf(object, "resolved");
  if (!resolved.is_array()) refuse("resolved is not a list");
  for (const json::value& one : resolved.get_array()) snapshot.resolved.push_back(readRendered(one));
  snapshot.version = readRendered(memberOf(object, "version"));
  std::size_t wanted = snapshot.rollout ? rollout::Chooser(*snapshot.rollout).choices().size() : 1;
  if (snapshot.resolved.size() != wanted) refuse("its answers are not those of its rollout");
  return snapshot;
}

}  // namespace regesta::delivery

#include "api/wandb/run_object.h"

#include "base/time.h"

namespace regesta::api::wandb {
namespace {

std::string tagOf(const tracking::Run& run, std::string_view name) {
  auto found = run.tags.find(name);
  return found == run.tags.end() ? std::string() : found->second;
}

std::string_view stateOf(tracking::RunStatus status) {
  switch (status) {
    case tracking::RunStatus::finished:
      return "finished";
    case tracking::RunStatus::failed:
      return "failed";
    case tracking::RunStatus::killed:
      return "killed";
    case tracking::RunStatus::scheduled:
      return "pending";
    default:
      return "running";
  }
}

/// Config of a run that another client logged.
std::string configOf(const RunRecord& record) {
  if (record.config != "{}") return record.config;
  json::object config;
  for (const auto& [key, value] : record.run.params) config[key] = json::object{{"desc", nullptr}, {"value", value}};
  return writeJson(config);
}

std::string summaryOf(const RunRecord& record) {
  if (record.summary != "{}") return record.summary;
  json::object summary;
  for (const tracking::Metric& metric : record.run.metrics) summary[metric.key] = metric.value;
  return writeJson(summary);
}

json::value keysOf(const RunRecord& record) {
  json::object keys;
  for (const tracking::Metric& metric : record.run.metrics)
    if (!metric.key.starts_with("system."))
      keys[metric.key] =
          json::object{{"typeCounts", json::array{json::object{{"type", "number"}, {"count", record.history}}}},
                       {"monotonic", false}};
  return json::object{{"keys", std::move(keys)}, {"lastStep", record.history - 1}, {"sets", json::array{}}};
}

void flatten(const json::object& nested, const std::string& prefix, tracking::Texts& out, int depth) {
  for (const auto& [key, value] : nested) {
    std::string name = prefix + std::string(key);
    if (value.is_object() && !value.get_object().empty() && depth < 8)
      flatten(value.get_object(), name + ".", out, depth + 1);
    else
      out[name] = value.is_string() ? std::string(value.get_string()) : writeJson(value);
  }
}

}  // namespace

bool shouldStop(const tracking::Run& run) {
  return run.tags.contains(std::string(stopTag)) && !tracking::isTerminal(run.status);
}

json::object projectObject(const tracking::Experiment& project) {
  std::string id = idOf("Project", project.id);
  json::object entity{{"id", idOf("Entity", 1)}, {"name", project.workspace}, {"_workspace", project.workspace}};
  return {{"id", id},
          {"internalId", idOf("ProjectInternalId", project.id)},
          {"name", project.name},
          {"entityName", project.workspace},
          {"entity", std::move(entity)},
          {"createdAt", formatTime(project.createdAt)},
          {"isBenchmark", false},
          {"readOnly", false},
          {"access", "PRIVATE"},
          {"_workspace", project.workspace},
          {"_experiment", project.id}};
}

json::object runObject(const RunRecord& record) {
  const tracking::Run& run = record.run;
  json::object project{{"id", idOf("Project", run.experiment)},
                       {"internalId", idOf("ProjectInternalId", run.experiment)},
                       {"name", record.project},
                       {"entity", json::object{{"id", idOf("Entity", 1)}, {"name", record.entity}}},
                       {"_workspace", record.entity},
                       {"_experiment", run.experiment}};
  json::value tags = json::array{};
  if (std::string listed = tagOf(run, tagsTag); !listed.empty()) tags = parseJson(listed);
  std::string user = run.userId.empty() ? tagOf(run, userTag) : run.userId;
  json::value sweep = nullptr;
  if (std::string named = tagOf(run, sweepTag); !named.empty()) sweep = named;
  return {{"id", runId({record.entity, record.project, record.name})},
          {"name", record.name},
          {"projectId", std::to_string(run.experiment)},
          {"displayName", run.name},
          {"description", tagOf(run, notesTag)},
          {"notes", tagOf(run, notesTag)},
          {"state", stateOf(run.status)},
          {"config", configOf(record)},
          {"summaryMetrics", summaryOf(record)},
          {"systemMetrics", "{}"},
          {"tags", std::move(tags)},
          {"group", tagOf(run, groupTag)},
          {"jobType", tagOf(run, jobTypeTag)},
          {"commit", tagOf(run, commitTag)},
          {"sweepName", std::move(sweep)},
          {"readOnly", false},
          {"stopped", shouldStop(run)},
          {"shouldStop", shouldStop(run)},
          {"createdAt", formatTime(run.startTime)},
          {"heartbeatAt", formatTime(record.heartbeatAt)},
          {"historyLineCount", record.history},
          {"eventsLineCount", record.events},
          {"logLineCount", record.logs},
          {"historyKeys", keysOf(record)},
          {"wandbConfig", "{}"},
          {"user", json::object{{"name", user}, {"username", user}}},
          {"project", std::move(project)},
          {"_workspace", record.entity},
          {"_project", record.project},
          {"_run", record.name}};
}

tracking::Texts flattened(const json::object& nested, bool configuration) {
  tracking::Texts out;
  if (!configuration) {
    flatten(nested, "", out, 0);
    return out;
  }
  for (const auto& [key, item] : nested) {
    if (key == "_wandb") continue;
    const json::value* value = item.is_object() ? item.get_object().if_contains("value") : nullptr;
    flatten(json::object{{key, value ? *value : item}}, "", out, 0);
  }
  return out;
}

}  // namespace regesta::api::wandb

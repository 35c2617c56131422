#include "cli/import/compare.h"

#include <cmath>
#include <map>

#include <fmt/format.h>

#include "base/text.h"

namespace regesta::cli {
namespace {

std::int64_t number(const json::object& object, std::string_view name) {
  const json::value* found = object.if_contains(name);
  if (found && found->is_string()) return parseInteger(found->get_string()).value_or(0);
  return memberInteger(object, name);
}

/// A list [{"key","value"}] of the entity against the object `wanted`.
std::string compareTexts(const json::object& wanted, const json::object& entity, std::string_view list) {
  std::map<std::string, std::string> present;
  if (const json::value* found = entity.if_contains(list); found && found->is_array())
    for (const json::value& pair : found->get_array())
      present[memberText(pair.as_object(), "key")] = memberText(pair.as_object(), "value");
  for (const auto& [key, value] : wanted) {
    auto here = present.find(std::string(key));
    if (here == present.end()) return fmt::format("{} '{}' is missing", list, std::string_view(key));
    if (here->second != std::string_view(value.as_string()))
      return fmt::format("{} '{}' has another value", list, std::string_view(key));
  }
  return {};
}

double realOf(const json::value& value) {
  if (value.is_string()) return std::nan("");
  return value.to_number<double>();
}

bool isSame(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

std::string compareMetrics(const json::object& latest, const json::object& data) {
  std::map<std::string, const json::object*> present;
  if (const json::value* found = data.if_contains("metrics"); found && found->is_array())
    for (const json::value& metric : found->get_array())
      present[memberText(metric.as_object(), "key")] = &metric.as_object();
  for (const auto& [key, point] : latest) {
    auto here = present.find(std::string(key));
    if (here == present.end()) return fmt::format("metric '{}' is missing", std::string_view(key));
    const json::array& wanted = point.as_array();
    if (!isSame(realOf(wanted[0]), realOf(here->second->at("value"))) ||
        wanted[2].to_number<std::int64_t>() != number(*here->second, "step"))
      return fmt::format("metric '{}' has another value", std::string_view(key));
  }
  return {};
}

bool isDeleted(const json::object& item) {
  const json::value* deleted = item.if_contains("deleted");
  return deleted && deleted->is_bool() && deleted->get_bool();
}

}  // namespace

std::string compareExperiment(const json::object& item, const json::object& entity) {
  bool deleted = memberText(entity, "lifecycle_stage") == "deleted";
  if (deleted != isDeleted(item) && memberText(item, "id") != "0") return "another lifecycle stage";
  if (item.contains("created_at") && number(item, "created_at") != number(entity, "creation_time"))
    return "another creation time";
  return compareTexts(memberObject(item, "tags"), entity, "tags");
}

std::string compareRun(const json::object& item, const json::object& entity) {
  const json::object& info = memberObject(entity, "info");
  const json::object& data = memberObject(entity, "data");
  if (memberText(info, "status") != memberText(item, "status")) return "another status";
  if ((memberText(info, "lifecycle_stage") == "deleted") != isDeleted(item)) return "another lifecycle stage";
  for (std::string_view time : {"start_time", "end_time"})
    if (number(info, time) != number(item, time)) return fmt::format("another {}", time);
  if (memberText(info, "user_id") != memberText(item, "user")) return "another user";
  if (std::string found = compareTexts(memberObject(item, "params"), data, "params"); !found.empty()) return found;
  if (std::string found = compareTexts(memberObject(item, "tags"), data, "tags"); !found.empty()) return found;
  if (std::string found = compareMetrics(memberObject(item, "latest"), data); !found.empty()) return found;
  if (memberArray(memberObject(entity, "inputs"), "dataset_inputs").size() < memberArray(item, "inputs").size())
    return "fewer inputs";
  if (memberArray(memberObject(entity, "outputs"), "model_outputs").size() < memberArray(item, "outputs").size())
    return "fewer outputs";
  return {};
}

std::string compareVersion(const json::object& item, const json::object& entity) {
  if (number(entity, "creation_timestamp") != number(item, "created_at")) return "another creation time";
  for (std::string_view name : {"description", "run_id"})
    if (memberText(entity, name) != memberText(item, name)) return fmt::format("another {}", name);
  return compareTexts(memberObject(item, "tags"), entity, "tags");
}

std::string compareTrace(const json::object& item, const json::object& entity) {
  const json::object& info = memberObject(entity, "trace_info");
  if (memberText(info, "state") != memberText(item, "state")) return "another state";
  for (std::string_view name : {"request_preview", "response_preview"})
    if (memberText(info, name) != memberText(item, name)) return fmt::format("another {}", name);
  const json::object &tags = memberObject(info, "tags"), &metadata = memberObject(info, "trace_metadata");
  for (const auto& [key, value] : memberObject(item, "tags"))
    if (memberText(tags, key) != value.as_string()) return fmt::format("tag '{}' differs", std::string_view(key));
  for (const auto& [key, value] : memberObject(item, "metadata"))
    if (memberText(metadata, key) != value.as_string())
      return fmt::format("metadata '{}' differs", std::string_view(key));
  auto countOf = [](const json::object& object, std::string_view name) {
    const json::value* found = object.if_contains(name);
    return found && found->is_array() ? found->get_array().size() : 0;
  };
  if (countOf(entity, "spans") != countOf(item, "spans")) return "another number of spans";
  if (countOf(info, "assessments") != countOf(item, "assessments")) return "another number of assessments";
  return {};
}

std::string compareLoggedModel(const json::object& item, const json::object& entity) {
  const json::object& info = memberObject(entity, "info");
  const json::object& data = memberObject(entity, "data");
  if (memberText(info, "name") != memberText(item, "name")) return "another name";
  if (number(info, "creation_timestamp_ms") != number(item, "created_at")) return "another creation time";
  if (memberText(info, "source_run_id") != memberText(item, "source_run")) return "another source run";
  if (std::string found = compareTexts(memberObject(item, "params"), data, "params"); !found.empty()) return found;
  return compareTexts(memberObject(item, "tags"), info, "tags");
}

}  // namespace regesta::cli

#include "cli/import/langfuse_trace.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/text.h"
#include "cli/import/source_client.h"
#include "crypto/hash.h"

namespace regesta::cli {
namespace {

constexpr std::size_t traceDigits = 32, spanDigits = 16;
constexpr std::int64_t nsPerMs = 1'000'000;

/// Hexadecimal digits of this length. A UUID keeps its own as a trace.
std::string idOf(const std::string& id, std::size_t digits) {
  std::string plain = id;
  std::erase(plain, '-');
  if (isLowerHex(plain, digits)) return plain;
  return crypto::sha256Hex(id).substr(0, digits);
}

std::string textOf(const json::value& value) {
  return value.is_string() ? std::string(value.get_string()) : writeJson(value);
}

/// Sets an attribute to the text, or to the JSON, of a member that is not null.
void put(json::object& attributes, std::string_view attribute, const json::object& wire, std::string_view member) {
  const json::value* found = wire.if_contains(member);
  if (!found || found->is_null() || (found->is_object() && found->get_object().empty())) return;
  attributes[attribute] = textOf(*found);
}

void putTrace(json::object& attributes, const json::object& trace) {
  put(attributes, "langfuse.trace.name", trace, "name");
  put(attributes, "langfuse.trace.tags", trace, "tags");
  put(attributes, "langfuse.trace.metadata", trace, "metadata");
  put(attributes, "langfuse.trace.input", trace, "input");
  put(attributes, "langfuse.trace.output", trace, "output");
  put(attributes, "langfuse.trace.public", trace, "public");
  put(attributes, "langfuse.release", trace, "release");
  put(attributes, "langfuse.environment", trace, "environment");
  put(attributes, "user.id", trace, "userId");
  put(attributes, "session.id", trace, "sessionId");
}

std::int64_t nsOf(const json::object& wire, std::string_view member) {
  return millisOf(memberText(wire, member)) * nsPerMs;
}

json::object spanOf(const json::object& wire, const json::object& trace) {
  std::string level = memberText(wire, "level"), parent = memberText(wire, "parentObservationId");
  std::int64_t begin = nsOf(wire, "startTime");
  json::object attributes{{"langfuse.observation.type", memberText(wire, "type")}};
  for (auto [attribute, member] : {std::pair{"langfuse.observation.level", "level"},
                                   {"langfuse.observation.status_message", "statusMessage"},
                                   {"langfuse.observation.input", "input"},
                                   {"langfuse.observation.output", "output"},
                                   {"langfuse.observation.metadata", "metadata"},
                                   {"langfuse.observation.model.name", "model"},
                                   {"langfuse.observation.model.parameters", "modelParameters"},
                                   {"langfuse.observation.usage_details", "usageDetails"},
                                   {"langfuse.observation.cost_details", "costDetails"},
                                   {"langfuse.observation.prompt.name", "promptName"},
                                   {"langfuse.observation.prompt.version", "promptVersion"},
                                   {"langfuse.observation.completion_start_time", "completionStartTime"},
                                   {"langfuse.version", "version"}})
    put(attributes, attribute, wire, member);
  putTrace(attributes, trace);
  return {{"span_id", idOf(memberText(wire, "id"), spanDigits)},
          {"parent_id", parent.empty() ? "" : idOf(parent, spanDigits)},
          {"name", memberText(wire, "name")},
          {"start_ns", begin},
          {"end_ns", std::max(begin, nsOf(wire, "endTime"))},
          {"status", level == "ERROR" ? "ERROR" : "UNSET"},
          {"message", memberText(wire, "statusMessage")},
          {"attributes", std::move(attributes)},
          {"events", json::array()}};
}

/// What the trace itself says, for one without observations.
json::object rootOf(const json::object& trace) {
  json::object attributes{{"langfuse.observation.type", "span"}};
  put(attributes, "langfuse.observation.input", trace, "input");
  put(attributes, "langfuse.observation.output", trace, "output");
  putTrace(attributes, trace);
  std::int64_t at = nsOf(trace, "timestamp");
  return {{"span_id", idOf("root of " + memberText(trace, "id"), spanDigits)},
          {"parent_id", ""},
          {"name", memberText(trace, "name")},
          {"start_ns", at},
          {"end_ns", at},
          {"status", "UNSET"},
          {"message", ""},
          {"attributes", std::move(attributes)},
          {"events", json::array()}};
}

}  // namespace

SourceItem traceOfLangfuse(const json::object& wire) {
  json::array spans, prompts;
  bool failed = false;
  for (const json::value& one : memberArray(wire, "observations")) {
    const json::object& observation = one.as_object();
    spans.push_back(spanOf(observation, wire));
    failed = failed || memberText(observation, "level") == "ERROR";
    if (std::string prompt = memberText(observation, "promptName"); !prompt.empty())
      prompts.push_back(json::string(fmt::format("{}/{}", prompt, numberOf(observation, "promptVersion"))));
  }
  std::ranges::sort(spans, {}, [](const json::value& span) { return memberInteger(span.as_object(), "start_ns"); });
  if (spans.empty()) spans.push_back(rootOf(wire));
  std::string id = memberText(wire, "id");
  SourceItem trace;
  trace.item = {{"id", "tr-" + idOf(id, traceDigits)},
                {"experiment", "0"},
                {"request_time", millisOf(memberText(wire, "timestamp"))},
                {"state", failed ? "ERROR" : "OK"},
                {"tags", json::object()},
                {"metadata", json::object{{"langfuse.trace.id", id}}},
                {"spans", std::move(spans)},
                {"assessments", json::array()},
                {"runs", json::array()},
                {"prompts", std::move(prompts)}};
  if (const json::value* name = wire.if_contains("name"); name && name->is_string())
    trace.item["tags"].as_object()["mlflow.traceName"] = name->get_string();
  return trace;
}

json::object scoreOfLangfuse(const json::object& wire) {
  json::object score;
  for (std::string_view member : {"id", "name", "sessionId", "datasetRunId", "comment", "dataType", "environment",
                                  "source", "timestamp", "metadata", "queueId"})
    if (const json::value* found = wire.if_contains(member); found && !found->is_null()) score[member] = *found;
  const json::value* text = wire.if_contains("stringValue");
  bool worded = memberText(wire, "dataType") == "CATEGORICAL" && text && text->is_string();
  score["value"] = worded ? *text : wire.at("value");
  if (std::string trace = memberText(wire, "traceId"); !trace.empty()) score["traceId"] = idOf(trace, traceDigits);
  if (std::string span = memberText(wire, "observationId"); !span.empty())
    score["observationId"] = idOf(span, spanDigits);
  return score;
}

}  // namespace regesta::cli

#include <cmath>

#include "base/encoding.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/import/http_source.h"

namespace regesta::cli {
namespace {

json::object attributesOf(const json::array& list);

/// A typed value of OTLP as plain JSON.
json::value plain(const json::object& typed) {
  for (const auto& [kind, value] : typed) {
    if (kind == "int_value" && value.is_string()) return parseInteger(value.get_string()).value_or(0);
    if (kind == "array_value") {
      json::array items;
      for (const json::value& item : memberArray(value.as_object(), "values")) items.push_back(plain(item.as_object()));
      return items;
    }
    if (kind == "kvlist_value") return attributesOf(memberArray(value.as_object(), "values"));
    return value;
  }
  return nullptr;
}

json::object attributesOf(const json::array& list) {
  json::object attributes;
  for (const json::value& pair : list)
    attributes[memberText(pair.as_object(), "key")] = plain(memberObject(pair.as_object(), "value"));
  return attributes;
}

json::object spanOf(const json::object& wire) {
  auto hexOf = [&](std::string_view name) { return hexEncode(base64Decode(memberText(wire, name)).value_or("")); };
  const json::object& status = memberObject(wire, "status");
  std::string code = memberText(status, "code");
  json::array events;
  for (const json::value& entry : memberArray(wire, "events")) {
    const json::object& event = entry.as_object();
    events.push_back({{"name", memberText(event, "name")},
                      {"time_ns", numberOf(event, "time_unix_nano")},
                      {"attributes", attributesOf(memberArray(event, "attributes"))}});
  }
  return {{"span_id", hexOf("span_id")},
          {"parent_id", hexOf("parent_span_id")},
          {"name", memberText(wire, "name")},
          {"start_ns", numberOf(wire, "start_time_unix_nano")},
          {"end_ns", numberOf(wire, "end_time_unix_nano")},
          {"status", code.ends_with("OK")      ? "OK"
                     : code.ends_with("ERROR") ? "ERROR"
                                               : "UNSET"},
          {"message", memberText(status, "message")},
          {"attributes", attributesOf(memberArray(wire, "attributes"))},
          {"events", std::move(events)}};
}

/// A feedback's or expectation's value as JSON text.
std::string valueOf(const json::object& part) {
  if (const json::object& serialized = memberObject(part, "serialized_value"); !serialized.empty())
    return memberText(serialized, "value");
  const json::value* value = part.if_contains("value");
  return value ? writeJson(*value) : "null";
}

json::object assessmentOf(const json::object& wire) {
  json::object one{{"id", memberText(wire, "assessment_id")},
                   {"name", memberText(wire, "assessment_name")},
                   {"source_type", memberText(memberObject(wire, "source"), "source_type")},
                   {"source_id", memberText(memberObject(wire, "source"), "source_id")},
                   {"created_at", millisOf(memberText(wire, "create_time"))},
                   {"updated_at", millisOf(memberText(wire, "last_update_time"))},
                   {"metadata", memberObject(wire, "metadata")}};
  for (std::string_view name : {"span_id", "rationale", "overrides"})
    if (std::string text = memberText(wire, name); !text.empty()) one[name] = text;
  const json::value* valid = wire.if_contains("valid");
  one["valid"] = !valid || !valid->is_bool() || valid->get_bool();
  for (std::string_view type : {"feedback", "expectation", "issue"}) {
    const json::value* part = wire.if_contains(type);
    if (!part || !part->is_object()) continue;
    one["type"] = type;
    one["value"] = type == "issue" ? writeJson(*part) : valueOf(part->get_object());
    if (const json::object& fault = memberObject(part->get_object(), "error"); !fault.empty())
      one["error"] = writeJson(fault);
  }
  return one;
}

/// "0.531s"
std::int64_t durationOf(const std::string& text) {
  return static_cast<std::int64_t>(std::llround(std::strtod(text.c_str(), nullptr) * 1000));
}

SourceItem traceOf(const json::object& wire, const std::string& experiment) {
  const json::object& info = memberObject(wire, "trace_info");
  SourceItem trace;
  trace.item = {{"id", memberText(info, "trace_id")},
                {"experiment", experiment},
                {"request_time", millisOf(memberText(info, "request_time"))},
                {"state", memberText(info, "state")},
                {"tags", memberObject(info, "tags")},
                {"metadata", memberObject(info, "trace_metadata")},
                {"spans", json::array()},
                {"assessments", json::array()},
                {"runs", json::array()},
                {"prompts", json::array()}};
  trace.item["tags"].as_object().erase("mlflow.artifactLocation");
  if (std::string duration = memberText(info, "execution_duration"); !duration.empty())
    trace.item["duration"] = durationOf(duration);
  for (std::string_view name : {"client_request_id", "request_preview", "response_preview"})
    if (std::string text = memberText(info, name); !text.empty()) trace.item[name] = text;
  for (const json::value& assessment : memberArray(info, "assessments"))
    trace.item["assessments"].as_array().push_back(assessmentOf(assessment.as_object()));
  for (const json::value& span : memberArray(wire, "spans"))
    trace.item["spans"].as_array().push_back(spanOf(span.as_object()));
  return trace;
}

}  // namespace

std::vector<SourceItem> HttpSource::traces(const std::string& after, std::size_t limit) {
  std::string experiment;
  std::vector<SourceItem> found;
  for (const json::object& info : nextPage(after, "traces", [&](const std::string& id) {
         experiment = id;
         json::object search{{"locations",
                              {json::object{{"type", "MLFLOW_EXPERIMENT"},
                                            {"mlflow_experiment", json::object{{"experiment_id", id}}}}}},
                             {"max_results", limit}};
         if (!cursor_.token.empty()) search["page_token"] = cursor_.token;
         return client_.post("/api/3.0/mlflow/traces/search", search);
       })) {
    json::object answer = client_.get("/api/3.0/mlflow/traces/get", {{"trace_id", memberText(info, "trace_id")}});
    found.push_back(traceOf(memberObject(answer, "trace"), experiment));
  }
  return found;
}

}  // namespace regesta::cli

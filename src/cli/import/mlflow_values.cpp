#include "cli/import/mlflow_values.h"

#include <optional>

#include "base/encoding.h"
#include "base/limits.h"
#include "base/text.h"

namespace regesta::cli {
namespace {

std::optional<std::string> take(json::object& tags, std::string_view key) {
  auto at = tags.find(key);
  if (at == tags.end()) return std::nullopt;
  std::string value(at->value().as_string());
  tags.erase(at);
  return value;
}

json::value parsedOrText(const std::string& text) {
  json::parse_options options;
  options.max_depth = limits::jsonDepth;
  boost::system::error_code failed;
  json::value value = json::parse(text, failed, {}, options);
  return failed ? json::value(text) : value;
}

/// JSON objects and lists are parsed; any other text stays text.
json::value structured(const std::string& text) {
  std::string_view shown = trim(text);
  return shown.starts_with('{') || shown.starts_with('[') ? parsedOrText(text) : json::value(text);
}

/// The part of a path after `mark`, or nothing.
std::optional<std::string> after(const std::string& path, const std::string& mark) {
  std::size_t at = path.find(mark);
  return at == std::string::npos ? std::nullopt : std::optional(path.substr(at + mark.size()));
}

}  // namespace

bool takePromptMark(json::object& tags) {
  auto mark = take(tags, "mlflow.prompt.is_prompt");
  return mark && equalsIgnoreCase(*mark, "true");
}

std::string takePromptContent(json::object& tags) {
  takePromptMark(tags);
  std::string text = take(tags, "mlflow.prompt.text").value_or("");
  std::string type = take(tags, "_mlflow_prompt_type").value_or("text");
  json::object content{{"template", type == "chat" ? structured(text) : json::value(text)}, {"type", type}};
  if (auto config = take(tags, "_mlflow_prompt_model_config")) content["model_config"] = structured(*config);
  if (auto format = take(tags, "_mlflow_prompt_response_format")) content["response_format"] = structured(*format);
  return canonicalJson(content);
}

std::string portableSource(const std::string& source, const std::string& runId) {
  if (source.starts_with("runs:") || source.starts_with("models:")) return source;
  if (!runId.empty())
    if (auto path = after(source, "/" + runId + "/artifacts")) return "runs:/" + runId + *path;
  if (auto model = after(source, "/models/m-")) {
    std::size_t end = model->find("/artifacts");
    if (end != std::string::npos && model->substr(0, end).find('/') == std::string::npos)
      return "models:/m-" + model->substr(0, end);
  }
  return source;
}

json::object spanOf(const json::object& stored) {
  auto hexOf = [&](std::string_view name) { return hexEncode(base64Decode(memberText(stored, name)).value_or("")); };
  json::object span{{"span_id", hexOf("span_id")},
                    {"parent_id", hexOf("parent_span_id")},
                    {"name", memberText(stored, "name")},
                    {"start_ns", memberInteger(stored, "start_time_unix_nano")},
                    {"end_ns", memberInteger(stored, "end_time_unix_nano")}};
  if (const json::value* status = stored.if_contains("status"); status && status->is_object()) {
    std::string code = memberText(status->get_object(), "code");
    span["status"] = code.ends_with("OK") ? "OK" : code.ends_with("ERROR") ? "ERROR" : "UNSET";
    span["message"] = memberText(status->get_object(), "message");
  }
  json::object attributes;
  if (const json::value* listed = stored.if_contains("attributes"); listed && listed->is_object())
    for (const auto& [key, value] : listed->get_object())  // each value is JSON in a text
      attributes[key] = value.is_string() ? parsedOrText(std::string(value.get_string())) : value;
  span["attributes"] = std::move(attributes);
  json::array events;
  if (const json::value* listed = stored.if_contains("events"); listed && listed->is_array())
    for (const json::value& entry : listed->get_array()) {
      const json::object& event = entry.as_object();
      const json::value* attributes = event.if_contains("attributes");
      events.push_back({{"name", memberText(event, "name")},
                        {"time_ns", memberInteger(event, "time_unix_nano")},
                        {"attributes", attributes && attributes->is_object() ? *attributes : json::object()}});
    }
  span["events"] = std::move(events);
  return span;
}

}  // namespace regesta::cli

#include "cli/model/request.h"

namespace regesta::cli {
namespace {

/// Names under which prompts keep a setting, and OpenAI's name for it.
constexpr std::pair<std::string_view, std::string_view> names[] = {
    {"temperature", "temperature"},
    {"top_p", "top_p"},
    {"topP", "top_p"},
    {"max_tokens", "max_tokens"},
    {"maxTokens", "max_tokens"},
    {"max_output_tokens", "max_tokens"},
    {"maxOutputTokens", "max_tokens"},
    {"max_completion_tokens", "max_completion_tokens"},
    {"stop", "stop"},
    {"stop_sequences", "stop"},
    {"stopSequences", "stop"},
    {"seed", "seed"},
    {"frequency_penalty", "frequency_penalty"},
    {"frequencyPenalty", "frequency_penalty"},
    {"presence_penalty", "presence_penalty"},
    {"presencePenalty", "presence_penalty"},
    {"reasoning_effort", "reasoning_effort"},
    {"tool_choice", "tool_choice"},
    {"parallel_tool_calls", "parallel_tool_calls"},
};

void takeSettings(json::object& request, const json::value& config) {
  if (!config.is_object()) return;
  const json::object& members = config.get_object();
  for (const auto& [from, to] : names)
    if (const json::value* value = members.if_contains(from); value && !value->is_null()) request[to] = *value;
  for (std::string_view nested : {"options", "parameters", "extra_params"})
    if (const json::value* more = members.if_contains(nested)) takeSettings(request, *more);
}

std::string configuredModel(const json::value& config) {
  if (!config.is_object()) return {};
  for (std::string_view name : {"model", "model_name", "id"})
    if (const json::value* value = config.get_object().if_contains(name); value && value->is_string())
      return std::string(value->get_string());
  return {};
}

json::value responseFormat(const json::value& wanted) {
  if (!wanted.is_object()) return nullptr;
  const json::value* type = wanted.get_object().if_contains("type");
  bool ours = type && (*type == "json_schema" || *type == "json_object" || *type == "text");
  if (ours) return wanted;
  return json::object{{"type", "json_schema"}, {"json_schema", json::object{{"name", "answer"}, {"schema", wanted}}}};
}

json::array toolList(const json::array& tools) {
  json::array list;
  for (const json::value& tool : tools) {
    bool bare = tool.is_object() && !tool.get_object().contains("function") && tool.get_object().contains("name");
    if (bare)
      list.push_back(json::object{{"type", "function"}, {"function", tool}});
    else
      list.push_back(tool);
  }
  return list;
}

}  // namespace

std::string bareModel(std::string_view name) {
  for (std::string_view prefix : {"openai:chat:", "openai:embedding:", "openai:embeddings:", "openai:"})
    if (name.starts_with(prefix)) return std::string(name.substr(prefix.size()));
  return std::string(name);
}

std::string modelOf(const ModelSettings& settings, const std::string& model) {
  return bareModel(model.empty() ? configuredModel(settings.modelConfig) : model);
}

json::object completionRequest(const ModelSettings& settings, const json::array& messages, const std::string& model) {
  json::object request{{"model", modelOf(settings, model)}, {"messages", messages}};
  takeSettings(request, settings.modelConfig);
  if (json::value format = responseFormat(settings.responseFormat); !format.is_null())
    request["response_format"] = std::move(format);
  if (!settings.tools.empty()) request["tools"] = toolList(settings.tools);
  return request;
}

}  // namespace regesta::cli

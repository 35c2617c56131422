#include "telemetry/span_convention.h"

#include <algorithm>
#include <span>

#include "base/error.h"

namespace regesta::telemetry {
namespace {

/// In MLflow's order. '#' stands for a number.
constexpr std::string_view inputNames[] = {"input.value",
                                           "gen_ai.input.messages",
                                           "gen_ai.tool.call.arguments",
                                           "traceloop.entity.input",
                                           "gen_ai.prompt.#.content",
                                           "gen_ai.completion.#.tool_calls.#.arguments",
                                           "gcp.vertex.agent.llm_request",
                                           "gcp.vertex.agent.tool_call_args",
                                           "ai.prompt",
                                           "ai.toolCall.args",
                                           "ai.value",
                                           "ai.values",
                                           "lmnr.span.input",
                                           "langfuse.observation.input"};
constexpr std::string_view outputNames[] = {"output.value",
                                            "gen_ai.output.messages",
                                            "gen_ai.tool.call.result",
                                            "traceloop.entity.output",
                                            "gen_ai.completion.#.content",
                                            "gcp.vertex.agent.llm_response",
                                            "gcp.vertex.agent.tool_response",
                                            "ai.response.text",
                                            "ai.toolCall.result",
                                            "ai.response.object",
                                            "ai.embedding",
                                            "ai.embeddings",
                                            "lmnr.span.output",
                                            "langfuse.observation.output"};
constexpr std::string_view toolNames[] = {"gen_ai.tool.definitions"};
constexpr std::string_view modelNames[] = {"llm.response.model_name", "llm.model_name",        "llm.request.model_name",
                                           "embedding.model_name",    "gen_ai.response.model", "gen_ai.request.model"};
constexpr std::string_view providerNames[] = {"llm.provider", "gen_ai.provider.name", "gen_ai.system"};

bool matches(std::string_view pattern, std::string_view name) {
  while (!pattern.empty() && !name.empty()) {
    if (pattern.front() != '#' && pattern.front() != name.front()) return false;
    std::size_t length = 1;
    if (pattern.front() == '#') {
      length = std::min(name.find_first_not_of("0123456789"), name.size());
      if (length == 0) return false;
    }
    pattern.remove_prefix(1);
    name.remove_prefix(length);
  }
  return pattern.empty() && name.empty();
}

/// What MLflow takes for no value: empty, null, false and zero, also as JSON in a string.
bool isEmpty(const json::value& value) {
  if (const json::string* text = value.if_string())
    return text->empty() || *text == "null" || *text == "{}" || *text == "[]" || *text == "\"\"" || *text == "0" ||
           *text == "false";
  if (const json::array* list = value.if_array()) return list->empty();
  if (const json::object* object = value.if_object()) return object->empty();
  return value.is_null() || value == json::value(false) || (value.is_number() && value.to_number<double>() == 0);
}

const json::value* find(const json::object& attributes, std::string_view name) {
  if (name.find('#') == name.npos) {
    const json::value* value = attributes.if_contains(name);
    return value && !isEmpty(*value) ? value : nullptr;
  }
  for (const auto& [key, value] : attributes)
    if (matches(name, key) && !isEmpty(value)) return &value;
  return nullptr;
}

void fill(json::object& attributes, std::string_view target, std::span<const std::string_view> names) {
  if (attributes.contains(target)) return;
  for (std::string_view name : names)
    if (const json::value* found = find(attributes, name)) {
      json::value copy = *found;  // inserting may move what is found
      attributes.emplace(target, std::move(copy));
      return;
    }
}

}  // namespace

void unwrapJson(Span& span, MemoryShare& share) {
  for (auto& [key, value] : span.attributes) {
    const json::string* text = value.if_string();
    if (!text || text->empty() || std::string_view("{[\"").find(text->front()) == std::string_view::npos) continue;
    share.add(parsedSize(*text));
    try {
      value = parseJson(*text);
    } catch (const Error&) {
      continue;  // a text that only begins like JSON
    }
  }
}

void translateConventions(Span& span) {
  json::object& attributes = span.attributes;
  if (std::string type = span.type(); type != "UNKNOWN" && span.ownType() != type)
    attributes.insert_or_assign("mlflow.spanType", type);
  fill(attributes, "mlflow.spanInputs", inputNames);
  fill(attributes, "mlflow.spanOutputs", outputNames);
  fill(attributes, "mlflow.chat.tools", toolNames);
  fill(attributes, "mlflow.llm.model", modelNames);
  fill(attributes, "mlflow.llm.provider", providerNames);
  if (!attributes.contains("mlflow.chat.tokenUsage"))
    if (std::optional<TokenUsage> usage = usageOf(span))
      attributes.emplace("mlflow.chat.tokenUsage", json::object{{"input_tokens", usage->input},
                                                                {"output_tokens", usage->output},
                                                                {"total_tokens", usage->total}});
}

}  // namespace regesta::telemetry

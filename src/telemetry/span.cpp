#include "telemetry/span.h"

#include "base/error.h"

namespace regesta::telemetry {
namespace {

json::object objectOf(const SpanEvent& event) {
  return {{"name", event.name}, {"time_ns", event.timeNs}, {"attributes", event.attributes}};
}
json::object objectOf(const SpanLink& link) {
  return {{"trace_id", link.traceId}, {"span_id", link.spanId}, {"attributes", link.attributes}};
}

template <class Item>
json::array arrayOf(const std::vector<Item>& items) {
  json::array array;
  for (const Item& item : items) array.emplace_back(objectOf(item));
  return array;
}

std::string textOf(const json::value& value) { return std::string(value.as_string()); }

struct TypeName {
  std::string_view attribute, value, type;
};
/// Other conventions' names for what MLflow calls a span's type, in MLflow's order.
constexpr TypeName typeNames[] = {
    {"openinference.span.kind", "LLM", "LLM"},
    {"openinference.span.kind", "CHAIN", "CHAIN"},
    {"openinference.span.kind", "TOOL", "TOOL"},
    {"openinference.span.kind", "AGENT", "AGENT"},
    {"openinference.span.kind", "RETRIEVER", "RETRIEVER"},
    {"openinference.span.kind", "EMBEDDING", "EMBEDDING"},
    {"openinference.span.kind", "RERANKER", "RERANKER"},
    {"openinference.span.kind", "GUARDRAIL", "GUARDRAIL"},
    {"openinference.span.kind", "EVALUATOR", "EVALUATOR"},
    {"gen_ai.operation.name", "chat", "CHAT_MODEL"},
    {"gen_ai.operation.name", "create_agent", "AGENT"},
    {"gen_ai.operation.name", "embeddings", "EMBEDDING"},
    {"gen_ai.operation.name", "execute_tool", "TOOL"},
    {"gen_ai.operation.name", "generate_content", "LLM"},
    {"gen_ai.operation.name", "invoke_agent", "AGENT"},
    {"gen_ai.operation.name", "text_completion", "LLM"},
    {"gen_ai.operation.name", "response", "LLM"},
    {"traceloop.span.kind", "workflow", "WORKFLOW"},
    {"traceloop.span.kind", "task", "TASK"},
    {"traceloop.span.kind", "agent", "AGENT"},
    {"traceloop.span.kind", "tool", "TOOL"},
    {"ai.operationId", "ai.generateText", "LLM"},
    {"ai.operationId", "ai.generateText.doGenerate", "LLM"},
    {"ai.operationId", "ai.toolCall", "TOOL"},
    {"ai.operationId", "ai.streamText", "LLM"},
    {"ai.operationId", "ai.streamText.doStream", "LLM"},
    {"ai.operationId", "ai.generateObject", "LLM"},
    {"ai.operationId", "ai.generateObject.doGenerate", "LLM"},
    {"ai.operationId", "ai.streamObject", "LLM"},
    {"ai.operationId", "ai.streamObject.doStream", "LLM"},
    {"ai.operationId", "ai.embed", "EMBEDDING"},
    {"ai.operationId", "ai.embed.doEmbed", "EMBEDDING"},
    {"ai.operationId", "ai.embedMany", "EMBEDDING"},
    {"lmnr.span.type", "LLM", "LLM"},
    {"lmnr.span.type", "TOOL", "TOOL"},
    {"lmnr.span.type", "DEFAULT", "CHAIN"},
    {"lmnr.span.type", "PIPELINE", "CHAIN"},
    {"lmnr.span.type", "EXECUTOR", "AGENT"},
    {"lmnr.span.type", "EVALUATOR", "EVALUATOR"},
    {"lmnr.span.type", "HUMAN_EVALUATOR", "EVALUATOR"},
    {"lmnr.span.type", "EVALUATION", "EVALUATOR"},
    {"lmnr.span.type", "CACHED", "LLM"},
    {"langfuse.observation.type", "generation", "LLM"},
    {"langfuse.observation.type", "embedding", "EMBEDDING"},
    {"langfuse.observation.type", "tool", "TOOL"},
    {"langfuse.observation.type", "retriever", "RETRIEVER"},
    {"langfuse.observation.type", "agent", "AGENT"},
    {"langfuse.observation.type", "chain", "CHAIN"},
    {"langfuse.observation.type", "evaluator", "EVALUATOR"},
    {"langfuse.observation.type", "guardrail", "GUARDRAIL"},
};

}  // namespace

std::string Span::text(std::string_view attribute) const {
  const json::value* value = attributes.if_contains(attribute);
  if (value == nullptr || value->is_null()) return {};
  return value->is_string() ? std::string(value->get_string()) : writeJson(*value);
}

std::string Span::ownType() const {
  std::string own = text("mlflow.spanType");
  // Servers keep attributes as JSON, so the text may arrive with quotes.
  return own.size() > 1 && own.front() == '"' && own.back() == '"' ? own.substr(1, own.size() - 2) : own;
}

std::string Span::type() const {
  if (std::string own = ownType(); !own.empty() && own != "UNKNOWN") return own;
  for (const TypeName& known : typeNames)
    if (text(known.attribute) == known.value) return std::string(known.type);
  return "UNKNOWN";
}

std::string packSpan(const Span& span) {
  json::object body;
  if (span.kind != 0) body["kind"] = span.kind;
  if (!span.statusMessage.empty()) body["message"] = span.statusMessage;
  if (!span.attributes.empty()) body["attributes"] = span.attributes;
  if (!span.events.empty()) body["events"] = arrayOf(span.events);
  if (!span.links.empty()) body["links"] = arrayOf(span.links);
  return writeJson(body);
}

void unpackSpan(std::string_view packed, Span& span) {
  try {
    json::value tree = parseJson(packed);
    json::object& body = tree.as_object();
    if (const json::value* kind = body.if_contains("kind")) span.kind = kind->to_number<int>();
    if (const json::value* message = body.if_contains("message")) span.statusMessage = textOf(*message);
    if (json::value* attributes = body.if_contains("attributes")) span.attributes = std::move(attributes->as_object());
    if (const json::value* events = body.if_contains("events"))
      for (const json::value& event : events->as_array())
        span.events.push_back({textOf(event.at("name")), event.at("time_ns").to_number<std::int64_t>(),
                               event.at("attributes").as_object()});
    if (const json::value* links = body.if_contains("links"))
      for (const json::value& link : links->as_array())
        span.links.push_back(
            {textOf(link.at("trace_id")), textOf(link.at("span_id")), link.at("attributes").as_object()});
  } catch (const boost::system::system_error&) {
    throw Error(Code::corrupt, "a span's row is not what was written");
  }
}

}  // namespace regesta::telemetry

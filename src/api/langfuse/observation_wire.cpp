#include "api/langfuse/observation_wire.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "base/time.h"

namespace regesta::api::langfuse {
namespace {

constexpr std::int64_t nsPerMs = 1'000'000;

json::value orNull(const std::string& text) { return text.empty() ? json::value() : json::value(text); }

/// Attributes that SDKs write as JSON in a text.
json::value parsed(const std::string& text) {
  if (text.empty()) return {};
  try {
    return parseJson(text);
  } catch (const Error&) {
    return json::value(text);
  }
}

json::value objectOr(const std::string& text) {
  json::value value = parsed(text);
  return value.is_object() ? value : json::value();
}

json::value timeOr(std::int64_t ns) { return ns > 0 ? json::value(formatTime(ns / nsPerMs)) : json::value(); }

double secondsBetween(std::int64_t from, std::int64_t to) { return static_cast<double>(to - from) / 1e9; }

}  // namespace

std::string Observation::own(std::string_view attribute, std::string_view other) const {
  std::string text = span_.text(attribute);
  return text.empty() && !other.empty() ? span_.text(other) : text;
}

std::string Observation::type() const {
  if (std::string told = own("langfuse.observation.type"); !told.empty()) return upper(told);
  std::string type = span_.type();
  if (type == "LLM" || type == "CHAT_MODEL" || !own("langfuse.observation.model.name", "gen_ai.request.model").empty())
    return "GENERATION";
  constexpr std::string_view shared[] = {"TOOL", "AGENT", "CHAIN", "RETRIEVER", "EVALUATOR", "EMBEDDING", "GUARDRAIL"};
  return std::ranges::find(shared, type) == std::end(shared) ? "SPAN" : type;
}

std::string Observation::level() const {
  if (std::string told = own("langfuse.observation.level"); !told.empty()) return told;
  return span_.status == telemetry::SpanStatus::error ? "ERROR" : "DEFAULT";
}

std::string Observation::environment() const {
  std::string told = own("langfuse.environment", "deployment.environment.name");
  return told.empty() ? "default" : told;
}

bool Observation::isRoot() const { return span_.isRoot() || own("langfuse.internal.is_app_root") == "true"; }

json::object Observation::metadata() const {
  constexpr std::string_view whole = "langfuse.observation.metadata";
  json::object all;
  if (json::value told = parsed(own(whole)); told.is_object()) all = told.get_object();
  for (const auto& [key, value] : span_.attributes) {
    std::string_view name = key;
    if (name.size() > whole.size() && name.starts_with(whole) && name[whole.size()] == '.')
      all[name.substr(whole.size() + 1)] = value.is_string() ? parsed(std::string(value.get_string())) : value;
  }
  return all;
}

void Observation::addBasic(json::object& out) const {
  std::string told = own("langfuse.observation.status_message");
  out["name"] = span_.name;
  out["level"] = level();
  out["statusMessage"] = orNull(told.empty() ? span_.statusMessage : told);
  out["version"] = orNull(version());
  out["environment"] = environment();
  out["bookmarked"] = false;
  out["public"] = own("langfuse.trace.public") == "true";
  out["userId"] = orNull(user());
  out["sessionId"] = orNull(session());
  out["isRootObservation"] = isRoot();
}

void Observation::addModel(json::object& out) const {
  out["model"] = orNull(own("langfuse.observation.model.name", "gen_ai.request.model"));
  out["internalModelId"] = nullptr;
  out["modelParameters"] = objectOr(own("langfuse.observation.model.parameters"));
}

void Observation::addUsage(json::object& out) const {
  json::value usage = objectOr(own("langfuse.observation.usage_details"));
  if (auto counted = usage.is_null() ? telemetry::usageOf(span_) : std::nullopt)
    usage = {{"input", counted->input}, {"output", counted->output}, {"total", counted->total}};
  json::value cost = objectOr(own("langfuse.observation.cost_details"));
  auto total = telemetry::costOf(span_);
  out["usageDetails"] = usage.is_null() ? json::value(json::object()) : std::move(usage);
  out["costDetails"] = cost.is_null() ? json::value(json::object()) : std::move(cost);
  out["totalCost"] = total ? json::value(*total) : json::value();
  out["usagePricingTierName"] = nullptr;
}

void Observation::addPrompt(json::object& out) const {
  std::string name = own("langfuse.observation.prompt.name"), version = own("langfuse.observation.prompt.version");
  auto number = parseInteger(version);
  out["promptName"] = orNull(name);
  out["promptVersion"] = number ? json::value(*number) : json::value();
  out["promptId"] = name.empty() || !number ? json::value() : json::value(fmt::format("{}@{}", name, *number));
}

void Observation::addMetrics(json::object& out) const {
  out["latency"] = span_.endNs > 0 ? json::value(secondsBetween(span_.startNs, span_.endNs)) : json::value();
  auto first = parseTime(own("langfuse.observation.completion_start_time"));
  out["timeToFirstToken"] = first ? json::value(secondsBetween(span_.startNs, *first * nsPerMs)) : json::value();
}

void Observation::addContext(json::object& out) const {
  json::value tags = parsed(own("langfuse.trace.tags"));
  out["tags"] = tags.is_array() ? std::move(tags) : json::value(json::array());
  out["release"] = orNull(own("langfuse.release"));
  auto name = trace_.tags.find(telemetry::trace_keys::name);
  std::string told = own("langfuse.trace.name");
  out["traceName"] = orNull(!told.empty() || name == trace_.tags.end() ? told : name->second);
}

json::object Observation::shown(std::string_view fields, std::string_view project) const {
  std::vector<std::string_view> groups = split(fields, ',');
  auto wants = [&](std::string_view group) {
    return std::ranges::any_of(groups, [&](std::string_view request) { return trim(request) == group; });
  };
  json::object out{{"id", span_.spanId},
                   {"traceId", span_.traceId},
                   {"startTime", timeOr(span_.startNs)},
                   {"endTime", timeOr(span_.endNs)},
                   {"projectId", project},
                   {"parentObservationId", orNull(span_.parentId)},
                   {"type", type()}};
  if (wants("basic")) addBasic(out);
  if (wants("time")) {
    auto first = parseTime(own("langfuse.observation.completion_start_time"));
    out["completionStartTime"] = first ? json::value(formatTime(*first)) : json::value();
    out["createdAt"] = timeOr(span_.startNs);
    out["updatedAt"] = timeOr(span_.endNs > 0 ? span_.endNs : span_.startNs);
  }
  if (wants("io")) {
    out["input"] = orNull(own("langfuse.observation.input", "mlflow.spanInputs"));
    out["output"] = orNull(own("langfuse.observation.output", "mlflow.spanOutputs"));
  }
  if (wants("metadata")) out["metadata"] = metadata();
  if (wants("model")) addModel(out);
  if (wants("usage")) addUsage(out);
  if (wants("prompt")) addPrompt(out);
  if (wants("metrics")) addMetrics(out);
  if (wants("trace_context")) addContext(out);
  return out;
}

}  // namespace regesta::api::langfuse

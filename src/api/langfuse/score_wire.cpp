#include "api/langfuse/score_wire.h"

#include <algorithm>
#include <cmath>

#include "base/id.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"

namespace regesta::api::langfuse {
namespace {

using quality::Score;

constexpr std::string_view types[] = {"NUMERIC", "BOOLEAN", "CATEGORICAL", "TEXT", "CORRECTION"};

std::string typeOf(const ScoreBody& body, const json::value& value) {
  if (body.dataType.empty()) return value.is_string() ? "CATEGORICAL" : "NUMERIC";
  if (std::ranges::find(types, body.dataType) == std::end(types))
    throw Invalid("dataType", "must be NUMERIC, BOOLEAN, CATEGORICAL, TEXT or CORRECTION");
  return body.dataType;
}

void readNumber(Score& score, const json::value& value) {
  // SDKs turn true into 1.0; plain clients may not.
  if (value.is_bool() && score.type == "BOOLEAN")
    score.value = value.get_bool() ? 1 : 0;
  else if (value.is_number())
    score.value = value.to_number<double>();
  else
    throw Invalid("value", fmt::format("must be a number for a {} score", score.type));
  if (!std::isfinite(score.value)) throw Invalid("value", "must be finite");
  if (score.type == "BOOLEAN" && score.value != 0 && score.value != 1)
    throw Invalid("value", "must be 0 or 1 for a BOOLEAN score");
}

void readText(Score& score, const json::value& value) {
  if (!value.is_string()) throw Invalid("value", fmt::format("must be text for a {} score", score.type));
  score.text = std::string(value.get_string());
  std::size_t most = score.type == "CORRECTION" ? limits::tagValueLength : 500;
  if (score.text.size() > most) throw Invalid("value", fmt::format("must have at most {} bytes", most));
}

std::string environmentOf(const std::string& request) {
  if (request.empty()) return "default";
  bool plain = std::ranges::all_of(
      request, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; });
  if (!plain || request.size() > 40 || request.starts_with("langfuse"))
    throw Invalid("environment", "must be at most 40 of a-z, 0-9, '-' and '_', and must not begin with \"langfuse\"");
  return request;
}

std::int64_t timeOf(const std::string& text) {
  if (text.empty()) return 0;
  auto time = parseTime(text);
  if (!time) throw Invalid("timestamp", "must be an ISO 8601 time with its offset");
  return *time;
}

void checkLengths(const ScoreBody& body) {
  auto check = [](std::string_view field, std::string_view text, std::size_t most) {
    if (text.size() > most) throw Invalid(std::string(field), fmt::format("must have at most {} bytes", most));
  };
  check("id", body.id, limits::nameLength);
  check("name", body.name, limits::nameLength);
  check("traceId", body.traceId, limits::nameLength);
  check("observationId", body.observationId, limits::nameLength);
  check("sessionId", body.sessionId, limits::nameLength);
  check("datasetRunId", body.datasetRunId, limits::nameLength);
  check("configId", body.configId, limits::nameLength);
  check("queueId", body.queueId, limits::nameLength);
  check("comment", body.comment, limits::tagValueLength);
  check("metadata", body.metadata.text, limits::tagValueLength);
}

json::value orNull(const std::string& text) { return text.empty() ? json::value() : json::value(text); }

json::value valueOf(const Score& score) {
  return score.isNumber() ? json::value(score.value) : json::value(score.text);
}

json::object subjectOf(const Score& score) {
  if (!score.observation.empty())
    return {{"kind", "observation"}, {"id", score.observation}, {"traceId", orNull(score.trace)}};
  if (!score.trace.empty()) return {{"kind", "trace"}, {"id", score.trace}};
  if (!score.datasetRun.empty()) return {{"kind", "experiment"}, {"id", score.datasetRun}};
  return {{"kind", "session"}, {"id", score.session}};
}

json::object shared(const Score& score, std::string_view project) {
  return {{"id", score.id},
          {"projectId", project},
          {"name", score.name},
          {"dataType", score.type},
          {"source", score.source},
          {"timestamp", formatTime(score.at)},
          {"environment", score.environment},
          {"createdAt", formatTime(score.createdAt)},
          {"updatedAt", formatTime(score.updatedAt)}};
}

}  // namespace

Score scoreOf(const ScoreBody& body) {
  if (body.name.empty()) throw Invalid("name", "is required");
  if (body.value.text.empty()) throw Invalid("value", "is required");
  checkLengths(body);
  Score score;
  score.id = body.id.empty() ? randomHex(16) : body.id;
  score.name = body.name;
  json::value value = parseJson(body.value.text);
  score.type = typeOf(body, value);
  if (score.isNumber())
    readNumber(score, value);
  else
    readText(score, value);
  score.trace = body.traceId;
  score.observation = body.observationId;
  score.session = body.sessionId;
  score.datasetRun = body.datasetRunId;
  score.comment = body.comment;
  if (!body.metadata.text.empty()) score.metadata = parseJson(body.metadata.text);
  score.environment = environmentOf(body.environment);
  score.config = body.configId;
  score.queue = body.queueId;
  if (!body.source.empty()) score.source = body.source;
  if (score.source != "API" && score.source != "ANNOTATION") throw Invalid("source", "must be API or ANNOTATION");
  score.at = timeOf(body.timestamp);
  bool aboutPrompt = score.metadata.is_object() && score.metadata.get_object().contains("prompt");
  if (score.trace.empty() && score.session.empty() && score.datasetRun.empty() && !aboutPrompt)
    throw Invalid("traceId",
                  "is required unless sessionId, datasetRunId, or a prompt and its version in metadata are given");
  if (!score.observation.empty() && score.trace.empty()) throw Invalid("traceId", "is required with observationId");
  return score;
}

json::object scoreJson(const Score& score, std::string_view project) {
  json::object shown = shared(score, project);
  shown["traceId"] = orNull(score.trace);
  shown["observationId"] = orNull(score.observation);
  shown["sessionId"] = orNull(score.session);
  shown["datasetRunId"] = orNull(score.datasetRun);
  shown["comment"] = orNull(score.comment);
  shown["metadata"] = score.metadata;
  shown["configId"] = orNull(score.config);
  shown["queueId"] = orNull(score.queue);
  shown["authorUserId"] = orNull(score.author);
  if (score.isNumber()) shown["value"] = score.value;
  if (score.type == "BOOLEAN") shown["stringValue"] = score.value == 1 ? "True" : "False";
  if (!score.isNumber()) shown["stringValue"] = score.text;
  if (score.type == "CATEGORICAL") shown["value"] = 0.0;
  return shown;
}

json::object scoreJsonV3(const Score& score, std::string_view project, std::string_view fields) {
  json::object shown = shared(score, project);
  shown["value"] = score.type == "BOOLEAN" ? json::value(score.value == 1) : valueOf(score);
  auto wants = [&](std::string_view group) {
    std::vector<std::string_view> groups = split(fields, ',');
    return std::ranges::find(groups, group) != groups.end();
  };
  if (wants("details")) {
    shown["comment"] = orNull(score.comment);
    shown["configId"] = orNull(score.config);
    shown["metadata"] = score.metadata;
  }
  if (wants("subject")) shown["subject"] = subjectOf(score);
  if (wants("annotation")) {
    shown["authorUserId"] = orNull(score.author);
    shown["queueId"] = orNull(score.queue);
  }
  return shown;
}

}  // namespace regesta::api::langfuse

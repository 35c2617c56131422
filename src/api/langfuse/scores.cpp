#include "api/langfuse/scores.h"

#include "api/langfuse/prompt_list.h"
#include "api/langfuse/score_wire.h"
#include "base/encoding.h"
#include "base/text.h"
#include "base/time.h"
#include "quality/score_reach.h"

namespace regesta::api::langfuse {
namespace {

using quality::Score;

struct ScoreQuery {
  std::string id, name, dataType, environment, source, configId, queueId, authorUserId, traceId, observationId,
      sessionId, experimentId, datasetRunId, value, valueMin, valueMax, fromTimestamp, toTimestamp, fields_, cursor,
      scoreIds;
  std::int64_t page = 1, limit = 50;
  static constexpr Field fields[] = {field<&ScoreQuery::id>("id"),
                                     field<&ScoreQuery::name>("name"),
                                     field<&ScoreQuery::dataType>("dataType"),
                                     field<&ScoreQuery::environment>("environment"),
                                     field<&ScoreQuery::source>("source"),
                                     field<&ScoreQuery::configId>("configId"),
                                     field<&ScoreQuery::queueId>("queueId"),
                                     field<&ScoreQuery::authorUserId>("authorUserId"),
                                     field<&ScoreQuery::traceId>("traceId"),
                                     field<&ScoreQuery::observationId>("observationId"),
                                     field<&ScoreQuery::sessionId>("sessionId"),
                                     field<&ScoreQuery::experimentId>("experimentId"),
                                     field<&ScoreQuery::datasetRunId>("datasetRunId"),
                                     field<&ScoreQuery::value>("value"),
                                     field<&ScoreQuery::valueMin>("valueMin"),
                                     field<&ScoreQuery::valueMax>("valueMax"),
                                     field<&ScoreQuery::fromTimestamp>("fromTimestamp"),
                                     field<&ScoreQuery::toTimestamp>("toTimestamp"),
                                     field<&ScoreQuery::fields_>("fields", about("details, subject, annotation")),
                                     field<&ScoreQuery::cursor>("cursor"),
                                     field<&ScoreQuery::scoreIds>("scoreIds"),
                                     field<&ScoreQuery::page>("page", atLeast(1) | atMost(1'000'000)),
                                     field<&ScoreQuery::limit>("limit", atLeast(1) | atMost(100))};
};
struct ScorePath {
  std::string id;
  static constexpr Field fields[] = {field<&ScorePath::id>("id", required)};
};

std::optional<double> numberOf(std::string_view field, const std::string& text) {
  if (text.empty()) return std::nullopt;
  auto number = parseDouble(text);
  if (!number) throw Invalid(std::string(field), "must be a number");
  return number;
}

quality::ScoreFilter filterOf(const ScoreQuery& query) {
  quality::ScoreFilter filter{.id = query.id.empty() ? query.scoreIds : query.id,
                              .name = query.name,
                              .type = query.dataType,
                              .environment = query.environment,
                              .source = query.source,
                              .config = query.configId,
                              .queue = query.queueId,
                              .author = query.authorUserId,
                              .trace = query.traceId,
                              .observation = query.observationId,
                              .session = query.sessionId,
                              .datasetRun = query.experimentId.empty() ? query.datasetRunId : query.experimentId,
                              .least = numberOf("valueMin", query.valueMin),
                              .most = numberOf("valueMax", query.valueMax),
                              .from = timeOf("fromTimestamp", query.fromTimestamp),
                              .to = timeOf("toTimestamp", query.toTimestamp)};
  if (query.value == "true" || query.value == "false")
    filter.value = query.value == "true" ? 1 : 0;
  else if (auto number = parseDouble(query.value))
    filter.value = number;
  else
    filter.text = query.value;
  return filter;
}

std::string cursorOf(const Score& last) { return base64UrlEncode(fmt::format("{},{}", last.at, last.row)); }

std::optional<quality::ScorePlace> placeOf(const std::string& cursor) {
  if (cursor.empty()) return std::nullopt;
  auto text = base64UrlDecode(cursor);
  std::size_t comma = text ? text->find(',') : std::string::npos;
  auto at = comma == std::string::npos ? std::nullopt : parseInteger(text->substr(0, comma));
  auto row = comma == std::string::npos ? std::nullopt : parseInteger(text->substr(comma + 1));
  if (!at || !row) throw Invalid("cursor", "must be the cursor of an earlier answer");
  return quality::ScorePlace{*at, *row};
}

Plain answerOf(const json::object& body, int status = 200) {
  Plain answer;
  answer.status = status;
  answer.body = writeJson(body);
  return answer;
}

/// Each score of a list is accepted or refused on its own.
Plain createMany(Call& call, const std::vector<RawJson>& list) {
  std::vector<Score> scores;
  std::vector<std::string> faults;
  for (std::size_t i = 0; i < list.size(); ++i) {
    try {
      scores.push_back(scoreOf(readAs<ScoreBody>(parseJson(list[i].text))));
    } catch (const Error& e) {
      if (httpStatus(e.code) != 400) throw;
      faults.push_back(fmt::format("scores[{}]: {}", i, e.message));
    }
  }
  for (std::string& fault : quality::storeScores(call.core.store, *call.identity, call.workspace, scores))
    if (!fault.empty()) faults.push_back(std::move(fault));
  if (faults.empty()) return answerOf({{"message", "Accepted"}}, 202);
  json::array errors;
  for (const std::string& fault : faults) errors.emplace_back(json::object{{"message", fault}});
  return answerOf({{"accepted", list.size() - faults.size()}, {"rejected", faults.size()}, {"errors", errors}}, 207);
}

Plain createScores(Call& call, const ScoreBody& request) {
  // An empty list is read as no list: it has no members either.
  if (!request.list.empty() || call.http.body.starts_with('[')) return createMany(call, request.list);
  Score score = scoreOf(request);
  std::string fault = quality::storeScores(call.core.store, *call.identity, call.workspace, {score}).front();
  if (!fault.empty()) throw Error(Code::invalid, fault);
  return answerOf({{"id", score.id}});
}

Plain listV2(Call& call, const ScoreQuery& query) {
  quality::ScoreFilter filter = filterOf(query);
  return call.core.store.read([&](db::Transaction& transaction) {
    PageMeta meta = pageOf(query.page, query.limit,
                           quality::countReadableScores(transaction, *call.identity, call.workspace, filter));
    auto limit = static_cast<std::size_t>(query.limit);
    json::array data;
    for (const Score& score : quality::readableScores(transaction, *call.identity, call.workspace, filter, limit,
                                                      std::nullopt, static_cast<std::size_t>(query.page - 1) * limit))
      data.emplace_back(scoreJson(score, call.workspace));
    return answerOf({{"data", data}, {"meta", parseJson(writeAs(meta))}});
  });
}

Plain listV3(Call& call, const ScoreQuery& query) {
  quality::ScoreFilter filter = filterOf(query);
  auto limit = static_cast<std::size_t>(query.limit);
  return call.core.store.read([&](db::Transaction& transaction) {
    std::vector<Score> found =
        quality::readableScores(transaction, *call.identity, call.workspace, filter, limit + 1, placeOf(query.cursor));
    bool more = found.size() > limit;
    if (more) found.pop_back();
    json::array data;
    for (const Score& score : found) data.emplace_back(scoreJsonV3(score, call.workspace, query.fields_));
    json::object meta{{"limit", query.limit}};
    if (more) meta["cursor"] = cursorOf(found.back());
    return answerOf({{"data", data}, {"meta", meta}});
  });
}

Plain getScore(Call& call, const ScorePath& path) {
  auto score = call.core.store.read([&](db::Transaction& transaction) {
    return quality::findScore(transaction, *call.identity, call.workspace, path.id);
  });
  if (!score) throw error(Code::notFound, "Score not found: '{}'", path.id);
  return answerOf(scoreJson(*score, call.workspace));
}

Plain removeScore(Call& call, const ScorePath& path) {
  if (!quality::deleteScore(call.core.store, *call.identity, call.workspace, path.id))
    throw error(Code::notFound, "Score not found: '{}'", path.id);
  return answerOf({{"message", "Score deletion request has been accepted"}}, 202);
}

const Route routes[] = {
    post("/api/public/scores", "Create scores", writes("scores"), createScores),
    get("/api/public/scores", "List scores (version 1)", scanning(reads("scores")),
        listV2),  // SDKs before 3; the answer has the same members
    get("/api/public/scores/{id}", "Get a score (version 1)", reads("scores"), getScore),
    del("/api/public/scores/{id}", "Delete a score", writes("scores"), removeScore),
    get("/api/public/v2/scores", "List scores (version 2)", scanning(reads("scores")), listV2),
    get("/api/public/v2/scores/{id}", "Get a score (version 2)", reads("scores"), getScore),
    get("/api/public/v3/scores", "List scores", scanning(reads("scores")), listV3),
};

}  // namespace

std::span<const Route> scoreRoutes() { return routes; }

}  // namespace regesta::api::langfuse

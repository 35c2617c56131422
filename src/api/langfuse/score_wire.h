#pragma once
#include "api/langfuse/dialect.h"
#include "quality/score.h"

namespace regesta::api::langfuse {

/// A score as SDKs send it, alone, in a list, or as the body of a score-create event.
struct ScoreBody {
  std::string id, name;
  RawJson value;
  std::string traceId, observationId, sessionId, datasetRunId, comment, dataType, configId, queueId, environment,
      source, timestamp;
  RawJson metadata;
  std::vector<RawJson> list;
  static constexpr Field fields[] = {field<&ScoreBody::id>("id"),
                                     field<&ScoreBody::name>("name"),
                                     field<&ScoreBody::value>("value"),
                                     field<&ScoreBody::traceId>("traceId"),
                                     field<&ScoreBody::observationId>("observationId"),
                                     field<&ScoreBody::sessionId>("sessionId"),
                                     field<&ScoreBody::datasetRunId>("datasetRunId"),
                                     field<&ScoreBody::comment>("comment"),
                                     field<&ScoreBody::dataType>("dataType"),
                                     field<&ScoreBody::configId>("configId"),
                                     field<&ScoreBody::queueId>("queueId"),
                                     field<&ScoreBody::environment>("environment"),
                                     field<&ScoreBody::source>("source"),
                                     field<&ScoreBody::timestamp>("timestamp"),
                                     field<&ScoreBody::metadata>("metadata"),
                                     field<&ScoreBody::list>("list", about("several scores: the body is a list"))};
};

/// Throws Invalid for a score that breaks one of Langfuse's rules. Without an id it gets a new one; without a data type
/// a number is NUMERIC and a text CATEGORICAL.
quality::Score scoreOf(const ScoreBody& body);

/// In the form of GET /api/public/v2/scores.
json::object scoreJson(const quality::Score& score, std::string_view project);
/// In the form of v3: `fields` may add details, subject and annotation.
json::object scoreJsonV3(const quality::Score& score, std::string_view project, std::string_view fields);

}  // namespace regesta::api::langfuse

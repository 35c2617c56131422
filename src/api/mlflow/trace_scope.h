#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/endpoint.h"
#include "db/database.h"
#include "tracking/trace.h"

namespace regesta::api::mlflow {

/// The trace, when the caller may use its experiment so. Throws Error{notFound}, Error{denied}.
tracking::Trace traceFor(const Call& call, governance::Verb verb, db::Session& session, std::string_view traceId);
/// For calls that may make the trace: passes when there is none yet.
void requireTrace(const Call& call, governance::Verb verb, db::Session& session, std::string_view traceId);

/// Those of the traces that there are and that the caller may read, in the order asked for. `experiments`, when given,
/// narrows them to these.
std::vector<tracking::Trace> tracesOf(const Call& call, db::Session& session, const std::vector<std::string>& ids,
                                      const std::optional<std::vector<std::string>>& experiments);

/// Tags that only the server sets. Throws Error{invalid}; `operation`: "set", "deleted".
void checkFreeTag(std::string_view key, std::string_view operation);

void setTag(Call& call, std::string_view traceId, std::string_view key, std::string_view value);
void deleteTag(Call& call, std::string_view traceId, std::string_view key);
std::int64_t deleteTraces(Call& call, const std::string& experimentId, const tracking::TraceDeletion& which);

}  // namespace regesta::api::mlflow

#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/endpoint.h"
#include "db/database.h"
#include "telemetry/trace.h"

namespace regesta::api::mlflow {

/// The trace, if the caller has the permission on its experiment (telemetry::Reach). Throws tracking::Missing,
/// Error{denied}.
telemetry::Trace traceFor(const Call& call, access::Verb verb, db::Transaction& transaction, std::string_view traceId);
/// Empty for a trace that the caller may not read, as for one that does not exist.
std::optional<telemetry::Trace> findVisibleTrace(const Call& call, db::Transaction& transaction,
                                                 std::string_view traceId);
/// For calls that add to a trace which may not have arrived yet. Throws Error{denied} if the caller may only read it.
void requireWritableTrace(const Call& call, db::Transaction& transaction, std::string_view traceId);

/// The existing traces that the caller may read, in the requested order; only of `experiments`, if given.
std::vector<telemetry::Trace> tracesOf(const Call& call, db::Transaction& transaction,
                                       const std::vector<std::string>& ids,
                                       const std::optional<std::vector<std::string>>& experiments);

/// Refuses tags that only the server sets. Throws Error{invalid}; `operation`: "set", "deleted".
void checkFreeTag(std::string_view key, std::string_view operation);

void setTag(Call& call, std::string_view traceId, std::string_view key, std::string_view value);
void deleteTag(Call& call, std::string_view traceId, std::string_view key);
std::int64_t deleteTraces(Call& call, const std::string& experimentId, const telemetry::TraceDeletion& which);

}  // namespace regesta::api::mlflow

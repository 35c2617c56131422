#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tracking/trace.h"

namespace regesta::tracking {

/// MLflow's filter for traces: attributes request_id, name, status, timestamp_ms, execution_time_ms, end_time_ms,
/// client_request_id, run_id, prompt (= 'name/3'), text; tags.x; metadata.x; span.name, type, status, content,
/// attributes.x (all on one span); feedback.x and expectation.x (by value; IS NULL: has none); issue.id.
struct TraceSearch {
  std::vector<std::int64_t> experiments;
  std::string filter;
  std::vector<std::string> orderBy;  ///< empty: newest first
  std::int64_t maxResults = 100;     ///< at most limits::traceSearchResults
  std::string pageToken;
};
/// Throws Error{invalid} in MLflow's words.
Page<Trace> searchTraces(db::Session& session, std::string_view workspace, const TraceSearch& search);

/// How many traces match both filters (conjunctions, either may be empty), without reading them into memory.
std::int64_t countTraces(db::Session& session, std::string_view workspace, const std::vector<std::int64_t>& experiments,
                         const std::vector<std::string>& filters);

}  // namespace regesta::tracking

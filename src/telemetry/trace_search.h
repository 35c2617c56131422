#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "telemetry/trace.h"

namespace regesta::telemetry {

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
/// Throws Error{invalid}.
tracking::Page<Trace> searchTraces(db::Transaction& transaction, std::string_view workspace, const TraceSearch& search);

/// Counts the traces that match both filters (conjunctions, either may be empty) without loading them.
std::int64_t countTraces(db::Transaction& transaction, std::string_view workspace,
                         const std::vector<std::int64_t>& experiments, const std::vector<std::string>& filters);

}  // namespace regesta::telemetry

#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tracking/trace_metrics.h"

// Inside the tracking room only: what there is to aggregate.
namespace regesta::tracking {

struct MetricKind {
  MetricView view;
  std::string_view name;
  bool counted = false;  ///< COUNT, and nothing else
  bool summed = false;   ///< SUM too
  std::vector<std::string_view> dimensions;
};
/// Throws Error{invalid} for a metric that the view does not have.
const MetricKind& metricKind(MetricView view, std::string_view name);

struct Observation {
  std::int64_t time = 0;  ///< milliseconds
  std::optional<double> value;
  std::string distinct;                                ///< counted once however often it comes
  std::vector<std::optional<std::string>> dimensions;  ///< in the query's order
};
/// Calls `visit` for each trace, span or assessment that passes the filters and lies in the time asked for.
void eachObservation(db::Session& session, std::string_view workspace, const TraceMetricQuery& query,
                     const MetricKind& kind, const std::function<void(const Observation&)>& visit);

}  // namespace regesta::tracking

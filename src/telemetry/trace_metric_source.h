#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "telemetry/trace_metrics.h"

// Internal to the telemetry room: the values to aggregate.
namespace regesta::telemetry {

struct MetricKind {
  MetricView view;
  std::string_view name;
  bool counted = false;  ///< COUNT only
  bool summed = false;   ///< SUM too
  std::vector<std::string_view> dimensions;
};
/// Throws Error{invalid} for a metric that the view does not have.
const MetricKind& metricKind(MetricView view, std::string_view name);

struct Observation {
  std::int64_t time = 0;  ///< milliseconds
  std::optional<double> value;
  std::string distinct;                                ///< counted once
  std::vector<std::optional<std::string>> dimensions;  ///< in the query's order
};
/// Calls `visit` for each trace, span or assessment that matches the filters and the time range.
void eachObservation(db::Transaction& transaction, std::string_view workspace, const TraceMetricQuery& query,
                     const MetricKind& kind, const std::function<void(const Observation&)>& visit);

}  // namespace regesta::telemetry

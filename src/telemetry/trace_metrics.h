#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "telemetry/trace.h"

namespace regesta::telemetry {

/// Aggregates over traces, spans or assessments, as MLflow's dashboards request them.
enum class MetricView { traces = 1, spans = 2, assessments = 3 };
enum class Aggregation { count = 1, sum = 2, average = 3, percentile = 4, least = 5, most = 6 };

struct AggregationRequest {
  Aggregation type = Aggregation::count;
  std::optional<double> percentile;  ///< 0 to 100
};
struct TraceMetricQuery {
  std::vector<std::int64_t> experiments;
  MetricView view = MetricView::traces;
  std::string metric;  ///< trace_count, latency, total_tokens, span_count, assessment_value, …
  std::vector<AggregationRequest> aggregations;
  std::vector<std::string> dimensions;  ///< trace_name, span_type, assessment_name, …
  std::vector<std::string> filters;     ///< each "trace.status = 'OK'", "trace.tag.x = 'y'", "span.name = 'z'", …
  std::optional<std::int64_t> intervalSeconds, start, end;  ///< start and end in milliseconds
  std::int64_t maxResults = 1000;
};
struct TraceMetricPoint {
  tracking::Texts dimensions;            ///< with time_bucket if an interval was given
  std::map<std::string, double> values;  ///< "COUNT", "AVG", "P95.0", …
};

/// By time, then by dimension, without items that lack a dimension. Throws Error{invalid}.
std::vector<TraceMetricPoint> queryTraceMetrics(db::Transaction& transaction, std::string_view workspace,
                                                const TraceMetricQuery& query);

/// Correlation of two filters: normalized pointwise mutual information of the counts; NaN if undefined.
/// `smoothing` is added to each cell of the table (Jeffreys' prior: 0.5).
double npmi(std::int64_t both, std::int64_t first, std::int64_t second, std::int64_t all, double smoothing);

}  // namespace regesta::telemetry

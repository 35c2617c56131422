#include "telemetry/trace_metrics.h"

#include "api/mlflow/traces.h"
#include "api/tracking_scope.h"
#include "base/error.h"
#include "base/limits.h"
#include "telemetry/trace_search.h"
#include "tracking/rules.h"

namespace regesta::api::mlflow {
namespace {

constexpr std::string_view viewWords[] = {"TRACES", "SPANS", "ASSESSMENTS"};
constexpr std::string_view aggregationWords[] = {"COUNT", "SUM", "AVG", "PERCENTILE", "MIN", "MAX"};

struct MetricAggregation {
  std::string aggregation_type;
  std::optional<double> percentile_value;
  static constexpr Field fields[] = {
      field<&MetricAggregation::aggregation_type>("aggregation_type", required | oneOf(aggregationWords)),
      field<&MetricAggregation::percentile_value>("percentile_value")};
};
struct MetricsRequest {
  std::vector<std::string> experiment_ids;
  std::string view_type, metric_name;
  std::vector<MetricAggregation> aggregations;
  std::vector<std::string> dimensions, filters;
  std::optional<std::int64_t> time_interval_seconds, start_time_ms, end_time_ms;
  std::int32_t max_results = 1000;
  std::string page_token;
  static constexpr Field fields[] = {
      field<&MetricsRequest::experiment_ids>("experiment_ids", required),
      field<&MetricsRequest::view_type>("view_type", required | oneOf(viewWords)),
      field<&MetricsRequest::metric_name>("metric_name", required),
      field<&MetricsRequest::aggregations>("aggregations", required | atMost(20)),
      field<&MetricsRequest::dimensions>("dimensions", atMost(10)),
      field<&MetricsRequest::filters>("filters", atMost(50)),
      field<&MetricsRequest::time_interval_seconds>("time_interval_seconds", atLeast(1) | atMost(1'000'000'000)),
      field<&MetricsRequest::start_time_ms>("start_time_ms"),
      field<&MetricsRequest::end_time_ms>("end_time_ms"),
      field<&MetricsRequest::max_results>("max_results", atLeast(1) | atMost(limits::trackingSearchResults)),
      field<&MetricsRequest::page_token>("page_token")};
};
struct MetricDataPoint {
  std::string metric_name;
  TextMap dimensions;
  RawJson values;
  static constexpr Field fields[] = {field<&MetricDataPoint::metric_name>("metric_name"),
                                     field<&MetricDataPoint::dimensions>("dimensions"),
                                     field<&MetricDataPoint::values>("values")};
};
struct MetricsAnswer {
  std::vector<MetricDataPoint> data_points;
  static constexpr Field fields[] = {field<&MetricsAnswer::data_points>("data_points")};
};
struct CorrelationRequest {
  std::vector<std::string> experiment_ids;
  std::string filter_string1, filter_string2, base_filter;
  static constexpr Field fields[] = {field<&CorrelationRequest::experiment_ids>("experiment_ids", required),
                                     field<&CorrelationRequest::filter_string1>("filter_string1", required),
                                     field<&CorrelationRequest::filter_string2>("filter_string2", required),
                                     field<&CorrelationRequest::base_filter>("base_filter")};
};
struct CorrelationAnswer {
  double npmi = 0, npmi_smoothed = 0;
  std::int32_t filter1_count = 0, filter2_count = 0, joint_count = 0, total_count = 0;
  static constexpr Field fields[] = {field<&CorrelationAnswer::npmi>("npmi"),
                                     field<&CorrelationAnswer::npmi_smoothed>("npmi_smoothed"),
                                     field<&CorrelationAnswer::filter1_count>("filter1_count"),
                                     field<&CorrelationAnswer::filter2_count>("filter2_count"),
                                     field<&CorrelationAnswer::joint_count>("joint_count"),
                                     field<&CorrelationAnswer::total_count>("total_count")};
};

std::vector<std::int64_t> experimentsOf(const Call& call, db::Transaction& transaction,
                                        const std::vector<std::string>& ids) {
  std::vector<std::int64_t> experiments;
  experiments.reserve(ids.size());
  for (const std::string& id : ids) experiments.push_back(tracking::parseExperimentId(id));
  return readable(call, transaction, std::move(experiments));
}

template <std::size_t N>
int placeOf(const std::string_view (&words)[N], const std::string& word) {
  return static_cast<int>(std::find(std::begin(words), std::end(words), word) - std::begin(words)) + 1;
}

MetricDataPoint pointOf(const std::string& metric, const telemetry::TraceMetricPoint& from) {
  MetricDataPoint point{.metric_name = metric, .dimensions = {from.dimensions.begin(), from.dimensions.end()}};
  JsonWriter writer(point.values.text);
  writer.object();
  for (const auto& [label, value] : from.values) writer.key(label).real(value);
  writer.end();
  return point;
}

MetricsAnswer metrics(Call& call, const MetricsRequest& in) {
  telemetry::TraceMetricQuery query{.view = static_cast<telemetry::MetricView>(placeOf(viewWords, in.view_type)),
                                    .metric = in.metric_name,
                                    .dimensions = in.dimensions,
                                    .filters = in.filters,
                                    .intervalSeconds = in.time_interval_seconds,
                                    .start = in.start_time_ms,
                                    .end = in.end_time_ms,
                                    .maxResults = in.max_results};
  for (const MetricAggregation& wish : in.aggregations)
    query.aggregations.push_back(
        {static_cast<telemetry::Aggregation>(placeOf(aggregationWords, wish.aggregation_type)), wish.percentile_value});
  return call.core.store.read([&](db::Transaction& transaction) {
    query.experiments = experimentsOf(call, transaction, in.experiment_ids);
    MetricsAnswer answer;
    for (const telemetry::TraceMetricPoint& point : telemetry::queryTraceMetrics(transaction, call.workspace, query))
      answer.data_points.push_back(pointOf(in.metric_name, point));
    return answer;
  });
}

CorrelationAnswer correlation(Call& call, const CorrelationRequest& in) {
  return call.core.store.read([&](db::Transaction& transaction) {
    std::vector<std::int64_t> experiments = experimentsOf(call, transaction, in.experiment_ids);
    auto count = [&](std::vector<std::string> filters) {
      filters.push_back(in.base_filter);
      return telemetry::countTraces(transaction, call.workspace, experiments, filters);
    };
    std::int64_t all = count({}), first = count({in.filter_string1}), second = count({in.filter_string2}),
                 both = count({in.filter_string1, in.filter_string2});
    return CorrelationAnswer{.npmi = telemetry::npmi(both, first, second, all, 0),
                             .npmi_smoothed = telemetry::npmi(both, first, second, all, 0.5),
                             .filter1_count = static_cast<std::int32_t>(first),
                             .filter2_count = static_cast<std::int32_t>(second),
                             .joint_count = static_cast<std::int32_t>(both),
                             .total_count = static_cast<std::int32_t>(all)};
  });
}

}  // namespace

std::span<const Route> traceMetricRoutes() {
  static const Route routes[] = {
      post("/api/3.0/mlflow/traces/metrics", "Compute trace metrics", searching(reads("traces")), metrics),
      post("/api/3.0/mlflow/traces/calculate-filter-correlation", "Compute the correlation of two trace filters",
           searching(reads("traces")), correlation),
  };
  return routes;
}

}  // namespace regesta::api::mlflow

#include "telemetry/trace_metrics.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "filter/query_error.h"
#include "telemetry/trace_metric_source.h"
#include "tracking/rules.h"

namespace regesta::telemetry {
namespace {

using filter::QueryRule;
using Values = std::vector<double>;

std::string_view nameOf(Aggregation type) {
  static constexpr std::string_view names[] = {"COUNT", "SUM", "AVG", "PERCENTILE", "MIN", "MAX"};
  return names[static_cast<std::size_t>(type) - 1];
}

std::vector<std::string> sorted(const std::vector<std::string_view>& words) {
  std::vector<std::string> names(words.begin(), words.end());
  std::ranges::sort(names);
  return names;
}

std::vector<std::string> aggregationsOf(const MetricKind& kind) {
  if (kind.counted) return {std::string(nameOf(Aggregation::count))};
  std::vector<std::string_view> names{nameOf(Aggregation::average), nameOf(Aggregation::percentile),
                                      nameOf(Aggregation::least), nameOf(Aggregation::most)};
  if (kind.summed) names.push_back(nameOf(Aggregation::sum));
  return sorted(names);
}

void checkAggregations(const TraceMetricQuery& query, const MetricKind& kind) {
  for (const AggregationRequest& wish : query.aggregations) {
    bool counts = wish.type == Aggregation::count;
    bool sums = wish.type == Aggregation::sum;
    if (counts != kind.counted || (sums && !kind.summed))
      throw filter::QueryError(QueryRule::aggregation, "aggregation_type",
                               fmt::format("must be one that metric '{}' supports", query.metric), nameOf(wish.type),
                               aggregationsOf(kind));
    bool wantsPlace = wish.type == Aggregation::percentile;
    if (wantsPlace != wish.percentile.has_value() ||
        (wantsPlace && !(*wish.percentile >= 0 && *wish.percentile <= 100)))
      throw Invalid("percentile_value", "must be given for PERCENTILE only, between 0 and 100");
  }
}

void checkDimensions(const TraceMetricQuery& query, const MetricKind& kind) {
  for (const std::string& dimension : query.dimensions)
    if (std::find(kind.dimensions.begin(), kind.dimensions.end(), dimension) == kind.dimensions.end())
      throw filter::QueryError(QueryRule::dimension, "dimensions",
                               fmt::format("must be ones that metric '{}' has", query.metric), dimension,
                               sorted(kind.dimensions));
}

/// Linear interpolation between the neighbours, numpy's default. `values` are sorted.
double percentileOf(const Values& values, double percent) {
  double place = percent / 100 * static_cast<double>(values.size() - 1);
  auto below = static_cast<std::size_t>(place);
  std::size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (place - static_cast<double>(below)) * (values[above] - values[below]);
}

double aggregate(const Values& values, const AggregationRequest& wish) {
  double sum = 0;
  switch (wish.type) {
    case Aggregation::count:
      return static_cast<double>(values.size());
    case Aggregation::least:
      return values.front();
    case Aggregation::most:
      return values.back();
    case Aggregation::percentile:
      return percentileOf(values, *wish.percentile);
    case Aggregation::sum:
    case Aggregation::average:
      for (double value : values) sum += value;
  }
  return wish.type == Aggregation::sum ? sum : sum / static_cast<double>(values.size());
}

std::string labelOf(const AggregationRequest& wish) {
  if (wish.type != Aggregation::percentile) return std::string(nameOf(wish.type));
  std::string label = "P";
  appendJsonDouble(label, *wish.percentile);
  return label;
}

struct Group {
  Values values;
  std::set<std::string> distinct;
};
using Groups = std::map<std::pair<std::int64_t, std::vector<std::string>>, Group>;

std::int64_t bucketOf(std::int64_t time, const std::optional<std::int64_t>& seconds) {
  if (!seconds) return 0;
  std::int64_t width = *seconds * 1000;
  return (time >= 0 ? time : time - width + 1) / width * width;
}

TraceMetricPoint pointOf(const TraceMetricQuery& query, const Groups::key_type& key, Group& group) {
  TraceMetricPoint point;
  if (query.intervalSeconds) {
    std::string time = formatTime(key.first);  // 2026-11-25T02:00:00.000Z; Python's isoformat has no .000 and no Z
    point.dimensions["time_bucket"] = time.substr(0, 19) + "+00:00";
  }
  for (std::size_t i = 0; i < query.dimensions.size(); ++i) point.dimensions[query.dimensions[i]] = key.second[i];
  if (!group.distinct.empty()) group.values.assign(group.distinct.size(), 1);
  std::sort(group.values.begin(), group.values.end());
  for (const AggregationRequest& wish : query.aggregations)
    if (!group.values.empty() || wish.type == Aggregation::count)
      point.values[labelOf(wish)] = aggregate(group.values, wish);
  return point;
}

}  // namespace

std::vector<TraceMetricPoint> queryTraceMetrics(db::Transaction& transaction, std::string_view workspace,
                                                const TraceMetricQuery& query) {
  const MetricKind& kind = metricKind(query.view, query.metric);
  checkAggregations(query, kind);
  checkDimensions(query, kind);
  if (query.intervalSeconds && (!query.start || !query.end || *query.intervalSeconds <= 0))
    throw Invalid("time_interval_seconds", "must be positive, and given with start_time_ms and end_time_ms");
  Groups groups;
  if (query.dimensions.empty() && !query.intervalSeconds) groups[{}];  // nothing found is a count of 0
  eachObservation(transaction, workspace, query, kind, [&](const Observation& one) {
    std::vector<std::string> dimensions;
    for (const std::optional<std::string>& dimension : one.dimensions) {
      if (!dimension) return;
      dimensions.push_back(*dimension);
    }
    Group& group = groups[{bucketOf(one.time, query.intervalSeconds), std::move(dimensions)}];
    if (!one.distinct.empty()) group.distinct.insert(one.distinct);
    if (one.value) group.values.push_back(*one.value);
  });
  std::vector<TraceMetricPoint> points;
  for (auto& [key, group] : groups) {
    if (static_cast<std::int64_t>(points.size()) >= query.maxResults) break;
    TraceMetricPoint point = pointOf(query, key, group);
    if (!point.values.empty()) points.push_back(std::move(point));
  }
  return points;
}

double npmi(std::int64_t both, std::int64_t first, std::int64_t second, std::int64_t all, double smoothing) {
  constexpr double undefined = std::numeric_limits<double>::quiet_NaN();
  std::int64_t onlyFirst = first - both, onlySecond = second - both, neither = all - first - second + both;
  if (all <= 0 || first == 0 || second == 0 || std::min({both, onlyFirst, onlySecond, neither}) < 0) return undefined;
  if (both == 0 && smoothing == 0) return -1;
  if (onlyFirst == 0 && onlySecond == 0 && neither == 0) return 1;
  double n11 = static_cast<double>(both) + smoothing, n = static_cast<double>(all) + 4 * smoothing;
  double n1 = n11 + static_cast<double>(onlyFirst) + smoothing, n2 = n11 + static_cast<double>(onlySecond) + smoothing;
  double pmi = std::log(n11) + std::log(n) - std::log(n1) - std::log(n2);
  double denominator = -(std::log(n11) - std::log(n));
  return std::abs(denominator) < 1e-15 ? 1 : std::clamp(pmi / denominator, -1.0, 1.0);
}

}  // namespace regesta::telemetry

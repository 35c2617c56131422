#include "tracking/run_keys.h"

#include <algorithm>
#include <map>

#include "base/limits_runs.h"

namespace regesta::tracking {
namespace {

using Counts = std::map<std::string, std::int64_t, std::less<>>;

std::vector<KeyCount> byFrequency(const Counts& counts) {
  std::vector<KeyCount> keys;
  keys.reserve(counts.size());
  for (const auto& [key, runs] : counts) keys.push_back({key, runs});
  std::stable_sort(keys.begin(), keys.end(), [](const KeyCount& a, const KeyCount& b) { return a.runs > b.runs; });
  if (keys.size() > limits::runKeys) keys.resize(limits::runKeys);
  return keys;
}

}  // namespace

RunKeys runKeys(db::Transaction& transaction, std::string_view workspace, const std::vector<std::int64_t>& experiments,
                std::size_t newest) {
  Counts metrics, params, tags;
  RunKeys found;
  std::size_t share = std::max<std::size_t>(1, newest / std::max<std::size_t>(1, experiments.size()));
  for (std::int64_t experiment : experiments) {
    if (!findExperiment(transaction, workspace, experiment)) continue;
    db::Rows rows = transaction.query(
        "SELECT metrics, params, tags FROM run WHERE experiment = $1 AND stage = 0 "
        "ORDER BY start_time DESC, run_id LIMIT $2",
        {experiment, share});
    for (; rows.next(); ++found.runs) {
      for (const Metric& metric : unpackMetrics(rows.view(0))) ++metrics[metric.key];
      for (const auto& [key, value] : unpackTexts(rows.view(1))) ++params[key];
      for (const auto& [key, value] : unpackTexts(rows.view(2))) ++tags[key];
    }
  }
  found.metrics = byFrequency(metrics);
  found.params = byFrequency(params);
  found.tags = byFrequency(tags);
  return found;
}

std::vector<std::string> commonestMetrics(const std::vector<Run>& runs, std::size_t most) {
  Counts counts;
  for (const Run& run : runs)
    for (const Metric& metric : run.metrics) ++counts[metric.key];
  std::vector<std::string> keys;
  for (const KeyCount& count : byFrequency(counts))
    if (keys.size() < most) keys.push_back(count.key);
  return keys;
}

}  // namespace regesta::tracking

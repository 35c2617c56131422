#include "tracking/record.h"

#include <set>

#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "tracking/history.h"
#include "tracking/logged_model.h"
#include "tracking/missing.h"
#include "tracking/rule_error.h"
#include "tracking/rules.h"
#include "tracking/seal.h"
#include "tracking/seen_name.h"

namespace regesta::tracking {
namespace {

void checkCount(std::string_view what, std::size_t limit, std::size_t count) {
  if (count > limit)
    throw RuleError(Rule::batchCount, std::string(what), fmt::format("must be at most {} in one request", limit),
                    std::to_string(count), {std::to_string(limit)});
}

void checkBatch(const Batch& batch) {
  for (std::size_t i = 0; i < batch.metrics.size(); ++i)
    checkMetric(batch.metrics[i].metric, fmt::format("metrics[{}]", i));
  for (std::size_t i = 0; i < batch.params.size(); ++i) {
    checkKey(batch.params[i].first, fmt::format("params[{}].key", i));
    checkLength("Param key", limits::trackingKeyLength, batch.params[i].first);
  }
  for (std::size_t i = 0; i < batch.tags.size(); ++i) {
    std::string path = fmt::format("tags[{}].key", i);
    checkKey(batch.tags[i].first, path);
    checkLength(path, limits::trackingKeyLength, batch.tags[i].first);
  }
  checkCount("metrics", limits::batchMetrics, batch.metrics.size());
  checkCount("params", limits::batchTexts, batch.params.size());
  checkCount("tags", limits::batchTexts, batch.tags.size());
  checkCount("metrics, params, and tags", limits::batchItems,
             batch.metrics.size() + batch.params.size() + batch.tags.size());
}

void checkUniqueParams(const std::vector<Pair>& params) {
  std::set<std::string_view> seen;
  std::vector<std::string> twice;
  for (const auto& [key, value] : params)
    if (!seen.insert(key).second) twice.push_back(key);
  if (!twice.empty())
    throw RuleError(Rule::paramRepeated, "params", fmt::format("must not repeat keys: {}", join(twice, ", ")), {},
                    twice);
}

/// Adds the new params; throws an error that names every param with another value.
void addParams(Run& run, const std::vector<Pair>& params) {
  std::vector<std::string> changed = {run.runId}, keys;
  for (const auto& [key, given] : params) {
    std::string value = truncated(given, limits::paramValueLength);
    auto [place, added] = run.params.emplace(key, value);
    if (added || place->second == value) continue;
    changed.insert(changed.end(), {key, place->second, value});
    keys.push_back(key);
  }
  if (!keys.empty())
    throw RuleError(Rule::paramsChanged, "params", fmt::format("must not change: {}", join(keys, ", ")), {},
                    std::move(changed));
}

void putTag(Run& run, std::string_view key, std::string_view given) {
  std::string value = truncated(given, limits::runTagValueLength);
  if (key == runNameTag) {
    if (value.empty()) return;
    checkSeen("run name", value);
    run.name = value;
  }
  run.tags.insert_or_assign(std::string(key), std::move(value));
}

/// Keeps NaN; infinities become the largest doubles, which is what MLflow stores.
Metric storable(Metric metric) {
  if (std::isinf(metric.value)) metric.value = std::copysign(std::numeric_limits<double>::max(), metric.value);
  return metric;
}

void addMetrics(db::Transaction& transaction, Run& run, const std::vector<LoggedMetric>& logged) {
  if (logged.empty()) return;
  std::vector<Metric> points;
  points.reserve(logged.size());
  for (const LoggedMetric& item : logged) {
    points.push_back(storable(item.metric));
    if (!item.modelId.empty())
      addModelMetric(transaction, run.workspace, item.modelId,
                     {points.back(), run.runId, item.datasetName, item.datasetDigest});
  }
  mergeLatest(run.metrics, points);
  appendHistory(transaction, run.row, points);
}

}  // namespace

void logBatch(db::Transaction& transaction, std::string_view workspace, std::string_view runId, const Batch& batch) {
  checkRunId(runId);
  checkBatch(batch);
  checkUniqueParams(batch.params);
  Run run = getActiveRun(transaction, workspace, runId);
  if (batch.metrics.empty() && batch.params.empty() && batch.tags.empty()) return;
  addParams(run, batch.params);
  addMetrics(transaction, run, batch.metrics);
  for (const auto& [key, value] : batch.tags) putTag(run, key, value);
  saveRun(transaction, run);
}

void logMetric(db::Transaction& transaction, std::string_view workspace, std::string_view runId,
               const LoggedMetric& metric) {
  checkMetric(metric.metric, "");
  Run run = getActiveRun(transaction, workspace, runId);
  addMetrics(transaction, run, {metric});
  saveRun(transaction, run);
}

void logPoints(db::Transaction& transaction, Run& run, const std::vector<Metric>& points) {
  if (points.empty()) return;
  std::vector<Metric> stored;
  stored.reserve(points.size());
  for (const Metric& point : points) {
    checkMetric(point, "metrics");
    stored.push_back(storable(point));
  }
  mergeLatest(run.metrics, stored);
  appendHistory(transaction, run.row, stored);
  saveRun(transaction, run);
}

void logParam(db::Transaction& transaction, std::string_view workspace, std::string_view runId, std::string_view key,
              std::string_view given) {
  checkKey(key, "key");
  checkLength("Param key", limits::trackingKeyLength, key);
  Run run = getActiveRun(transaction, workspace, runId);
  std::string value = truncated(given, limits::paramValueLength);
  auto [place, added] = run.params.emplace(std::string(key), value);
  if (added) return saveRun(transaction, run);
  if (place->second != value)
    throw RuleError(Rule::paramChanged, "value", fmt::format("must not change: param '{}' has a value", key), value,
                    {std::string(key), place->second, value, "run", std::string(runId)});
}

void setTag(db::Transaction& transaction, std::string_view workspace, std::string_view runId, std::string_view key,
            std::string_view value) {
  checkKey(key, "key");
  checkLength("key", limits::trackingKeyLength, key);
  Run run = getActiveRun(transaction, workspace, runId);
  putTag(run, key, value);
  saveRun(transaction, run);
}

void deleteTag(db::Transaction& transaction, std::string_view workspace, std::string_view runId, std::string_view key) {
  Run run = getActiveRun(transaction, workspace, runId);
  auto tag = run.tags.find(key);
  if (tag == run.tags.end()) throw Missing("tag", key, "run", runId);
  run.tags.erase(tag);
  saveRun(transaction, run);
}

void noteLoggedModel(db::Transaction& transaction, std::string_view workspace, std::string_view runId,
                     std::string_view modelJson) {
  constexpr std::string_view key = "mlflow.log-model.history";
  Run run = getActiveRun(transaction, workspace, runId);
  std::string& list = run.tags[std::string(key)];
  if (list.size() < 2 || list == "[]")
    list = fmt::format("[{}]", modelJson);
  else
    list = fmt::format("{}, {}]", std::string_view(list).substr(0, list.size() - 1), modelJson);
  saveRun(transaction, run);
}

Run updateRun(registry::Store& store, const registry::Actor& actor, std::string_view workspace, std::string_view runId,
              const RunUpdate& update) {
  auto apply = [&](db::Transaction& transaction) {
    Run run = getActiveRun(transaction, workspace, runId);
    if (update.status) run.status = *update.status;
    if (update.endTime) run.endTime = update.endTime;
    if (!update.name.empty()) {
      checkSeen("run name", update.name);
      run.name = update.name;
      run.tags.insert_or_assign(std::string(runNameTag), update.name);
    }
    saveRun(transaction, run);
    return run;
  };
  if (!update.status || !isTerminal(*update.status))
    return store.change(actor, [&](registry::Change& change) {
      Run run = apply(change.transaction);
      recordWrite(change, workspace, runId);
      return run;
    });

  // A long history is digested before the transaction, so that other writers do not wait.
  HistoryDigest ahead = store.read([&](db::Transaction& transaction) {
    auto run = findRun(transaction, workspace, runId);
    return run ? historyDigest(transaction, *run) : HistoryDigest{};
  });
  return store.change(actor, [&](registry::Change& change) {
    Run run = apply(change.transaction);
    sealRun(change, run, "ended", &ahead);
    return run;
  });
}

}  // namespace regesta::tracking

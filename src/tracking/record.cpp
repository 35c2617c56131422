#include "tracking/record.h"

#include <set>

#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "tracking/history.h"
#include "tracking/logged_model.h"
#include "tracking/rules.h"
#include "tracking/seal.h"

namespace regesta::tracking {
namespace {

void checkCount(std::string_view what, std::size_t limit, std::size_t count) {
  if (count > limit)
    throw error(
        Code::invalid,
        "A batch logging request can contain at most {} {}. Got {} {}. Please split up {} across multiple requests and "
        "try again.",
        limit, what, count, what, what);
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
    throw error(
        Code::invalid,
        "Duplicate parameter keys have been submitted: {}. Please ensure the request contains only one param value per "
        "param key.",
        pythonList(twice));
}

/// Adds what is new; throws naming every param that has another value already.
void addParams(Run& run, const std::vector<Pair>& params) {
  std::string clashes;
  for (const auto& [key, given] : params) {
    std::string value = truncated(given, limits::paramValueLength);
    auto [place, added] = run.params.emplace(key, value);
    if (added || place->second == value) continue;
    clashes += fmt::format("{}{{'key': {}, 'old_value': {}, 'new_value': {}}}", clashes.empty() ? "" : ", ",
                           pythonText(key), pythonText(place->second), pythonText(value));
  }
  if (!clashes.empty())
    throw error(Code::invalid,
                "Changing param values is not allowed. Params were already logged='[{}]' for run ID='{}'.", clashes,
                run.runId);
}

void putTag(Run& run, std::string_view key, std::string_view given) {
  std::string value = truncated(given, limits::runTagValueLength);
  if (key == runNameTag) {
    if (value.empty()) return;
    run.name = value;
  }
  run.tags.insert_or_assign(std::string(key), std::move(value));
}

/// NaN stays; infinities become the largest doubles, as in MLflow's database.
Metric storable(Metric metric) {
  if (std::isinf(metric.value)) metric.value = std::copysign(std::numeric_limits<double>::max(), metric.value);
  return metric;
}

void addMetrics(db::Session& session, Run& run, const std::vector<LoggedMetric>& logged) {
  if (logged.empty()) return;
  std::vector<Metric> points;
  points.reserve(logged.size());
  for (const LoggedMetric& item : logged) {
    points.push_back(storable(item.metric));
    if (!item.modelId.empty())
      addModelMetric(session, run.workspace, item.modelId,
                     {points.back(), run.runId, item.datasetName, item.datasetDigest});
  }
  mergeLatest(run.metrics, points);
  appendHistory(session, run.row, points);
}

}  // namespace

void logBatch(db::Session& session, std::string_view workspace, std::string_view runId, const Batch& batch) {
  checkRunId(runId);
  checkBatch(batch);
  checkUniqueParams(batch.params);
  Run run = getActiveRun(session, workspace, runId);
  if (batch.metrics.empty() && batch.params.empty() && batch.tags.empty()) return;
  addParams(run, batch.params);
  addMetrics(session, run, batch.metrics);
  for (const auto& [key, value] : batch.tags) putTag(run, key, value);
  saveRun(session, run);
}

void logMetric(db::Session& session, std::string_view workspace, std::string_view runId, const LoggedMetric& metric) {
  checkMetric(metric.metric, "");
  Run run = getActiveRun(session, workspace, runId);
  addMetrics(session, run, {metric});
  saveRun(session, run);
}

void logParam(db::Session& session, std::string_view workspace, std::string_view runId, std::string_view key,
              std::string_view given) {
  checkKey(key, "key");
  checkLength("Param key", limits::trackingKeyLength, key);
  Run run = getActiveRun(session, workspace, runId);
  std::string value = truncated(given, limits::paramValueLength);
  auto [place, added] = run.params.emplace(std::string(key), value);
  if (added) return saveRun(session, run);
  if (place->second != value)
    throw error(
        Code::invalid,
        "Changing param values is not allowed. Param with key='{}' was already logged with value='{}' for run ID='{}'. "
        "Attempted logging new value '{}'.",
        key, place->second, runId, value);
}

void setTag(db::Session& session, std::string_view workspace, std::string_view runId, std::string_view key,
            std::string_view value) {
  checkKey(key, "key");
  checkLength("key", limits::trackingKeyLength, key);
  Run run = getActiveRun(session, workspace, runId);
  putTag(run, key, value);
  saveRun(session, run);
}

void deleteTag(db::Session& session, std::string_view workspace, std::string_view runId, std::string_view key) {
  Run run = getActiveRun(session, workspace, runId);
  auto tag = run.tags.find(key);
  if (tag == run.tags.end()) throw error(Code::notFound, "No tag with name: {} in run with id {}", key, runId);
  run.tags.erase(tag);
  saveRun(session, run);
}

void noteLoggedModel(db::Session& session, std::string_view workspace, std::string_view runId,
                     std::string_view modelJson) {
  constexpr std::string_view key = "mlflow.log-model.history";
  Run run = getActiveRun(session, workspace, runId);
  std::string& list = run.tags[std::string(key)];
  if (list.size() < 2 || list == "[]")
    list = fmt::format("[{}]", modelJson);
  else
    list = fmt::format("{}, {}]", std::string_view(list).substr(0, list.size() - 1), modelJson);
  saveRun(session, run);
}

Run updateRun(registry::Store& store, const registry::Actor& actor, std::string_view workspace, std::string_view runId,
              const RunUpdate& update) {
  auto apply = [&](db::Session& session) {
    Run run = getActiveRun(session, workspace, runId);
    if (update.status) run.status = *update.status;
    if (update.endTime) run.endTime = update.endTime;
    if (!update.name.empty()) {
      run.name = update.name;
      run.tags.insert_or_assign(std::string(runNameTag), update.name);
    }
    saveRun(session, run);
    return run;
  };
  if (!update.status || !isTerminal(*update.status)) return store.write(apply);

  // A long history is digested before the transaction, so that the writers behind it do not wait.
  HistoryDigest ahead = store.read([&](db::Session& session) {
    auto run = findRun(session, workspace, runId);
    return run ? historyDigest(session, *run) : HistoryDigest{};
  });
  return store.change(actor, [&](registry::Change& change) {
    Run run = apply(change.session);
    sealRun(change, run, "ended", &ahead);
    return run;
  });
}

}  // namespace regesta::tracking

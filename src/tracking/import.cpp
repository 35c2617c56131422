#include "tracking/import.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/redact.h"
#include "tracking/history.h"
#include "tracking/owner.h"
#include "tracking/rule_error.h"
#include "tracking/rules.h"
#include "tracking/seal.h"
#include "tracking/seen_name.h"

namespace regesta::tracking {
namespace {

constexpr std::size_t importedParam = 8000;  // characters, as wide as MLflow's column

/// Not later than now, and not before 1970.
std::int64_t past(const registry::Change& change, std::int64_t time) {
  return std::clamp<std::int64_t>(time, 0, change.now);
}

void checkExperimentTags(const Texts& tags) {
  if (tags.size() > limits::modelTexts)
    throw error(Code::tooLarge, "an experiment has at most {} tags", limits::modelTexts);
  for (const auto& [key, value] : tags) checkExperimentTag(key, value);
}

bool isNumberFree(db::Transaction& transaction, std::int64_t number) {
  return number > 0 && !transaction.query("SELECT 1 FROM experiment WHERE id = $1", {number}).next();
}

/// PostgreSQL's counter does not learn of numbers that are inserted.
void skipNumber(db::Transaction& transaction, db::Dialect dialect, std::int64_t number) {
  if (dialect != db::Dialect::postgres) return;
  transaction.query(
      "SELECT setval(pg_get_serial_sequence('experiment', 'id'), GREATEST($1, nextval(pg_get_serial_sequence("
      "'experiment', 'id'))))",
      {number});
}

void merge(Texts& into, const Texts& from) {
  for (const auto& [key, value] : from) into.insert_or_assign(key, value);
}

void checkTexts(std::string_view what, const Texts& texts, std::size_t valueLength) {
  for (const auto& [key, value] : texts) {
    checkKey(key, fmt::format("{}.key", what));
    checkLength(fmt::format("{} key", what), limits::trackingKeyLength, key);
    checkLength(fmt::format("{} '{}'", what, key), valueLength, value);
  }
}

void checkRun(const ImportedRun& imported) {
  checkRunId(imported.runId);
  if (!imported.name.empty()) checkSeen("run name", imported.name);
  checkTexts("params", imported.params, importedParam);
  checkTexts("tags", imported.tags, limits::runTagValueLength);
  for (const LoggedMetric& logged : imported.metrics) checkMetric(logged.metric, "metrics");
}

/// The run's row, made if it is new.
Run rowOf(db::Transaction& transaction, std::string_view workspace, const ImportedRun& imported) {
  db::Rows taken = transaction.query("SELECT workspace, experiment FROM run WHERE run_id = $1", {imported.runId});
  if (taken.next()) {
    if (taken.view(0) != workspace || taken.integer(1) != imported.experiment)
      throw error(Code::exists, "the id of run '{}' is taken by a run of another experiment", imported.runId);
    return getRun(transaction, workspace, imported.runId);
  }
  Experiment experiment = getExperiment(transaction, workspace, imported.experiment);
  Run run{.runId = imported.runId,
          .workspace = std::string(workspace),
          .experiment = experiment.id,
          .status = imported.status,
          .startTime = imported.startTime,
          .revision = 1,
          .name = imported.name,
          .userId = imported.userId};
  run.artifactUri = appendToUri(experiment.artifactLocation, run.runId + "/artifacts");
  run.row = transaction.insert(
      "INSERT INTO run (run_id, workspace, experiment, stage, status, start_time, revision, sealed_revision, "
      "sealed_digest, name, user_id, artifact_uri, metrics, params, tags, links) "
      "VALUES ($1, $2, $3, 0, $4, $5, 1, 0, '', $6, $7, $8, '{}', '{}', '{}', '') RETURNING id",
      {run.runId, workspace, run.experiment, static_cast<int>(run.status), run.startTime, run.name, run.userId,
       run.artifactUri});
  return run;
}

void addLinks(db::Transaction& transaction, std::string_view workspace, const ImportedRun& imported) {
  for (std::size_t first = 0; first < imported.inputs.size(); first += limits::batchDatasets) {
    auto begin = imported.inputs.begin() + static_cast<std::ptrdiff_t>(first);
    auto end = imported.inputs.begin() +
               static_cast<std::ptrdiff_t>(std::min(first + limits::batchDatasets, imported.inputs.size()));
    logInputs(transaction, workspace, imported.runId, {begin, end}, {});
  }
  if (!imported.models.empty()) logInputs(transaction, workspace, imported.runId, {}, imported.models);
  if (!imported.outputs.empty()) logOutputs(transaction, workspace, imported.runId, imported.outputs);
}

/// Metrics of logged models come with their models.
std::vector<Metric> pointsOf(const ImportedRun& imported) {
  std::vector<Metric> points;
  points.reserve(imported.metrics.size());
  for (const LoggedMetric& logged : imported.metrics) points.push_back(logged.metric);
  return points;
}

void takeStage(registry::Change& change, const Run& run, const ImportedRun& imported, const Remover& remover) {
  if (!imported.deleted || run.deleted) return;
  deleteRun(change, run.workspace, run.runId, remover(run.subject()));
  if (imported.deletedAt)
    change.transaction.run("UPDATE run SET deleted_at = $2 WHERE id = $1",
                           {run.row, past(change, *imported.deletedAt)});
}

/// Its experiment may be deleted, other than for clients.
void insertModel(db::Transaction& transaction, std::string_view workspace, const ImportedLoggedModel& imported) {
  checkRunId(imported.modelId);
  checkLoggedModelName(imported.name);
  checkLength("model_type", limits::modelNameLength, imported.modelType);
  checkLength("source_run_id", limits::trackingKeyLength, imported.sourceRun);
  Experiment experiment = getExperiment(transaction, workspace, imported.experiment);
  transaction.run(
      "INSERT INTO logged_model (model_id, workspace, experiment, stage, status, created_at, updated_at, name, "
      "model_type, source_run, artifact_uri, params, tags) VALUES ($1, $2, $3, 0, 1, 0, 0, $4, $5, $6, $7, '{}', '{}')",
      {imported.modelId, workspace, imported.experiment, imported.name, imported.modelType, imported.sourceRun,
       appendToUri(experiment.artifactLocation, fmt::format("models/{}/artifacts", imported.modelId))});
}

}  // namespace

Experiment importExperiment(registry::Change& change, db::Dialect dialect, std::string_view workspace,
                            const ImportedExperiment& imported, std::string_view artifactRoot, const Remover& remover) {
  checkExperimentTags(imported.tags);
  Experiment made;
  if (!isNumberFree(change.transaction, imported.number)) {
    made = createExperiment(change, workspace, imported.name, "", imported.tags, artifactRoot);
  } else {
    checkExperimentName(imported.name);
    if (findExperimentByName(change.transaction, workspace, imported.name))
      throw error(Code::exists, "experiment '{}' exists", imported.name);
    std::string location = appendToUri(artifactRoot, std::to_string(imported.number));
    change.transaction.run(
        "INSERT INTO experiment (id, workspace, name, artifact_location, stage, created_at, updated_at, tags, folder) "
        "VALUES ($1, $2, $3, $4, 0, $5, $5, $6, $7)",
        {imported.number, workspace, imported.name, location, change.now, packTexts(imported.tags),
         artifactFolder(location, workspace)});
    skipNumber(change.transaction, dialect, imported.number);
    json::object data{{"name", imported.name}};
    change.conceal(data, "artifact_location", location, redactUrl(location));
    change.record(registry::Action::experimentCreated, std::string(workspace),
                  fmt::format("experiment/{}", imported.number), std::move(data));
    made.id = imported.number;
  }
  return renewExperiment(change, workspace, made.id, imported, remover);
}

Experiment renewExperiment(registry::Change& change, std::string_view workspace, std::int64_t id,
                           const ImportedExperiment& imported, const Remover& remover) {
  checkExperimentTags(imported.tags);
  Experiment present = getExperiment(change.transaction, workspace, id);
  if (present.deleted && !imported.deleted) restoreExperiment(change, workspace, id);
  if (present.name != imported.name && !(present.deleted && imported.deleted))
    renameExperiment(change, workspace, id, imported.name);
  if (!present.deleted && imported.deleted)
    deleteExperiment(change, workspace, id, remover(fmt::format("experiment/{}", id)));
  merge(present.tags, imported.tags);
  std::int64_t created = past(change, imported.createdAt);
  change.transaction.run("UPDATE experiment SET tags = $2, created_at = $3, updated_at = $4 WHERE id = $1",
                         {id, packTexts(present.tags), created, std::max(created, past(change, imported.updatedAt))});
  return getExperiment(change.transaction, workspace, id);
}

Run importRun(registry::Change& change, std::string_view workspace, const ImportedRun& imported,
              const Remover& remover) {
  checkRun(imported);
  db::Transaction& transaction = change.transaction;
  Run run = rowOf(transaction, workspace, imported);
  if (run.deleted) {
    restoreRun(change, workspace, run.runId);
    run.deleted = false;
  }
  run.status = imported.status;
  run.endTime = imported.endTime;
  if (!imported.name.empty()) run.name = imported.name;
  merge(run.params, imported.params);
  merge(run.tags, imported.tags);
  if (!imported.metrics.empty())
    logPoints(transaction, run, pointsOf(imported));
  else
    saveRun(transaction, run);
  addLinks(transaction, workspace, imported);
  run = getRun(transaction, workspace, run.runId);
  if (!imported.complete) {
    recordWrite(change, workspace, run.runId);
    return run;
  }
  sealRun(change, run, "imported");
  takeStage(change, run, imported, remover);
  return getRun(transaction, workspace, run.runId);
}

LoggedModel importLoggedModel(registry::Change& change, std::string_view workspace, const ImportedLoggedModel& imported,
                              const Remover& remover) {
  db::Transaction& transaction = change.transaction;
  auto present = findLoggedModel(transaction, imported.modelId);
  if (present && (present->workspace != workspace || present->experiment != imported.experiment))
    throw error(Code::exists, "the id of logged model '{}' is taken by one of another experiment", imported.modelId);
  if (!present) insertModel(transaction, workspace, imported);
  addLoggedModelParams(transaction, workspace, imported.modelId, imported.params);
  setLoggedModelTags(transaction, workspace, imported.modelId, imported.tags);
  for (const ModelMetric& metric : imported.metrics) {
    checkMetric(metric.metric, "metrics");
    addModelMetric(transaction, workspace, imported.modelId, metric);
  }
  LoggedModel model = finalizeLoggedModel(change, workspace, imported.modelId, imported.status);
  if (imported.deleted)
    deleteLoggedModel(change, workspace, imported.modelId, remover("logged-model/" + imported.modelId));
  std::int64_t created = past(change, imported.createdAt);
  transaction.run("UPDATE logged_model SET stage = $2, created_at = $3, updated_at = $4 WHERE id = $1",
                  {model.row, imported.deleted, created, std::max(created, past(change, imported.updatedAt))});
  return getLoggedModel(transaction, workspace, imported.modelId, true);
}

}  // namespace regesta::tracking

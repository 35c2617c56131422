#include "tracking/logged_model.h"

#include "base/error.h"
#include "base/id.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"
#include "tracking/artifact.h"
#include "tracking/experiment.h"
#include "tracking/names.h"
#include "tracking/rules.h"

namespace regesta::tracking {
namespace {

constexpr std::string_view versionsTag = "mlflow.modelVersions";

void checkTags(const Texts& tags) {
  if (tags.size() > limits::modelTexts)
    throw error(Code::tooLarge, "a logged model has at most {} tags", limits::modelTexts);
  for (const auto& [key, value] : tags) {
    checkLength("key", limits::modelTagKeyLength, key);
    checkLength("value", limits::tagValueLength, value);
  }
}

void checkParams(const Texts& params) {
  if (params.size() > limits::modelTexts)
    throw error(Code::tooLarge, "a logged model has at most {} params", limits::modelTexts);
  for (const auto& [key, value] : params) {
    checkLength("key", limits::modelTagKeyLength, key);
    checkLength("value", limits::tagValueLength, value);
  }
}

void write(db::Session& session, const LoggedModel& model) {
  session.run("UPDATE logged_model SET stage = $2, status = $3, updated_at = $4, params = $5, tags = $6 WHERE id = $1",
              {model.row, model.deleted, static_cast<int>(model.status), model.updatedAt, packTexts(model.params),
               packTexts(model.tags)});
}

/// The list as Python's json.dumps writes it, because the client compares and appends to such text.
std::string withRegistration(std::string_view list, std::string_view name, std::int64_t number) {
  std::string entry = "{\"name\": ";
  appendJsonString(entry, name);
  entry += fmt::format(", \"version\": {}}}", number);
  std::string_view body = trim(list);
  if (!body.starts_with('[') || !body.ends_with(']') || trim(body.substr(1, body.size() - 2)).empty())
    return "[" + entry + "]";
  return fmt::format("{}, {}]", body.substr(0, body.size() - 1), entry);
}

}  // namespace

LoggedModel readLoggedModel(const db::Rows& rows) {
  return {.row = rows.integer(0),
          .modelId = rows.text(1),
          .workspace = rows.text(2),
          .experiment = rows.integer(3),
          .deleted = rows.integer(4) != 0,
          .status = static_cast<ModelStatus>(std::clamp<std::int64_t>(rows.integer(5), 1, 3)),
          .createdAt = rows.integer(6),
          .updatedAt = rows.integer(7),
          .name = rows.text(8),
          .modelType = rows.text(9),
          .sourceRun = rows.text(10),
          .artifactUri = rows.text(11),
          .params = unpackTexts(rows.view(12)),
          .tags = unpackTexts(rows.view(13))};
}

LoggedModel createLoggedModel(db::Session& session, std::string_view workspace, const NewLoggedModel& made) {
  if (!made.name.empty()) checkLoggedModelName(made.name);
  checkLength("model_type", limits::modelNameLength, made.modelType);
  checkLength("source_run_id", limits::trackingKeyLength, made.sourceRun);
  checkParams(made.params);
  checkTags(made.tags);
  Experiment experiment = getExperiment(session, workspace, made.experiment);
  requireActive(experiment);
  std::int64_t now = nowMillis();
  LoggedModel model{.modelId = "m-" + randomHex(16),
                    .workspace = std::string(workspace),
                    .experiment = experiment.id,
                    .createdAt = now,
                    .updatedAt = now,
                    .name = made.name.empty() ? randomName() : made.name,
                    .modelType = made.modelType,
                    .sourceRun = made.sourceRun,
                    .params = made.params,
                    .tags = made.tags};
  model.artifactUri = appendToUri(experiment.artifactLocation, fmt::format("models/{}/artifacts", model.modelId));
  model.row = session.insert(
      "INSERT INTO logged_model (model_id, workspace, experiment, stage, status, created_at, updated_at, name, "
      "model_type, "
      "source_run, artifact_uri, params, tags) VALUES ($1, $2, $3, 0, 1, $4, $4, $5, $6, $7, $8, $9, $10) RETURNING id",
      {model.modelId, workspace, model.experiment, now, model.name, model.modelType, model.sourceRun, model.artifactUri,
       packTexts(model.params), packTexts(model.tags)});
  return model;
}

std::optional<LoggedModel> findLoggedModel(db::Session& session, std::string_view id) {
  static const std::string sql = fmt::format("SELECT {} FROM logged_model WHERE model_id = $1", loggedModelColumns);
  db::Rows rows = session.query(sql, {id});
  return rows.next() ? std::optional(readLoggedModel(rows)) : std::nullopt;
}

LoggedModel getLoggedModel(db::Session& session, std::string_view workspace, std::string_view id, bool deletedToo) {
  auto model = findLoggedModel(session, id);
  if (!model || model->workspace != workspace || (model->deleted && !deletedToo))
    throw error(Code::notFound, "Logged model with ID '{}' not found.", id);
  return std::move(*model);
}

LoggedModel finalizeLoggedModel(registry::Change& change, std::string_view workspace, std::string_view id,
                                ModelStatus status) {
  LoggedModel model = getLoggedModel(change.session, workspace, id, true);
  model.status = status;
  model.updatedAt = change.now;
  write(change.session, model);
  json::object data{{"status", status == ModelStatus::ready          ? "READY"
                               : status == ModelStatus::uploadFailed ? "UPLOAD_FAILED"
                                                                     : "PENDING"},
                    {"name", model.name},
                    {"experiment", std::to_string(model.experiment)}};
  if (!model.sourceRun.empty()) data["run"] = model.sourceRun;
  if (auto folder = treeFolder(model.artifactUri)) {
    FolderDigest files = digestOfFolder(change.session, workspace, *folder);
    data["files"] = files.files;
    data["digest"] = files.digest;
  }
  change.record("logged-model.finalized", model.workspace, "logged-model/" + model.modelId, std::move(data));
  return model;
}

void deleteLoggedModel(registry::Change& change, std::string_view workspace, std::string_view id) {
  LoggedModel model = getLoggedModel(change.session, workspace, id, true);
  if (model.deleted) return;
  model.deleted = true;
  model.updatedAt = change.now;
  write(change.session, model);
  change.record("logged-model.deleted", model.workspace, "logged-model/" + model.modelId, {{"name", model.name}});
}

LoggedModel setLoggedModelTags(db::Session& session, std::string_view workspace, std::string_view id,
                               const Texts& tags) {
  LoggedModel model = getLoggedModel(session, workspace, id, true);
  for (const auto& [key, value] : tags) model.tags.insert_or_assign(key, value);
  checkTags(model.tags);
  write(session, model);
  return model;
}

void deleteLoggedModelTag(db::Session& session, std::string_view workspace, std::string_view id, std::string_view key) {
  LoggedModel model = getLoggedModel(session, workspace, id, true);
  auto tag = model.tags.find(key);
  if (tag == model.tags.end())
    throw error(Code::notFound, "No tag with key {} found for model with ID {}.", pythonText(key), pythonText(id));
  model.tags.erase(tag);
  write(session, model);
}

void addLoggedModelParams(db::Session& session, std::string_view workspace, std::string_view id, const Texts& params) {
  LoggedModel model = getLoggedModel(session, workspace, id, true);
  for (const auto& [key, value] : params) {
    auto [place, added] = model.params.emplace(key, value);
    if (!added && place->second != value)
      throw error(Code::invalid,
                  "Changing param values is not allowed. Param with key='{}' was already logged with value='{}' for "
                  "model ID='{}'. "
                  "Attempted logging new value '{}'.",
                  key, place->second, id, value);
  }
  checkParams(model.params);
  write(session, model);
}

void noteRegistration(db::Session& session, std::string_view modelId, std::string_view name, std::int64_t number) {
  auto model = findLoggedModel(session, modelId);
  if (!model) return;
  std::string& list = model->tags[std::string(versionsTag)];
  list = withRegistration(list, name, number);
  write(session, *model);
}

void addModelMetric(db::Session& session, std::string_view workspace, std::string_view modelId,
                    const ModelMetric& metric) {
  db::Rows rows =
      session.query("SELECT id FROM logged_model WHERE model_id = $1 AND workspace = $2", {modelId, workspace});
  if (!rows.next()) throw error(Code::notFound, "Logged model with ID '{}' not found.", modelId);
  checkLength("dataset_name", limits::datasetNameLength, metric.datasetName);
  checkLength("dataset_digest", limits::datasetDigestLength, metric.datasetDigest);
  double value = std::isnan(metric.metric.value) ? 0.0 : metric.metric.value;  // as MLflow keeps it here
  session.run(
      "INSERT INTO model_metric (model, key, timestamp, step, run_id, value, dataset_name, dataset_digest) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
      {rows.integer(0), metric.metric.key, metric.metric.timestamp, metric.metric.step, metric.runId, value,
       metric.datasetName, metric.datasetDigest});
}

std::vector<ModelMetric> modelMetrics(db::Session& session, std::int64_t modelRow) {
  std::vector<ModelMetric> metrics;
  db::Rows rows = session.query(
      "SELECT key, value, timestamp, step, run_id, dataset_name, dataset_digest FROM model_metric WHERE model = $1 "
      "ORDER BY key, timestamp, step, run_id",
      {modelRow});
  while (rows.next())
    metrics.push_back(
        {{rows.text(0), rows.real(1), rows.integer(2), rows.integer(3)}, rows.text(4), rows.text(5), rows.text(6)});
  return metrics;
}

}  // namespace regesta::tracking

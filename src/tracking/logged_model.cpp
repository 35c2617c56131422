#include "tracking/logged_model.h"

#include <map>

#include "base/error.h"
#include "base/id.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"
#include "crypto/hash.h"
#include "db/columns.h"
#include "registry/reference.h"
#include "tracking/artifact.h"
#include "tracking/experiment.h"
#include "tracking/missing.h"
#include "tracking/names.h"
#include "tracking/rule_error.h"
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

void write(db::Transaction& transaction, const LoggedModel& model) {
  transaction.run(
      "UPDATE logged_model SET stage = $2, status = $3, updated_at = $4, params = $5, tags = $6 WHERE id = $1",
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

/// What policies and people see of a model.
std::string digestOfContent(db::Transaction& transaction, const LoggedModel& model) {
  crypto::Sha256 hash;
  hash.update(packTexts(model.params));
  hash.update(packTexts(model.tags));
  std::string line;
  for (const ModelMetric& m : modelMetrics(transaction, model.row)) {
    line.clear();
    for (const std::string* text : {&m.metric.key, &m.runId, &m.datasetName, &m.datasetDigest})
      appendJsonString(line, *text);
    appendJsonDouble(line, m.metric.value);
    fmt::format_to(std::back_inserter(line), " {} {}\n", m.metric.timestamp, m.metric.step);
    hash.update(line);
  }
  return crypto::hex(hash.finish());
}

/// The digests of those of the models that a version is made of.
std::map<std::string, std::string> digestsOfCited(db::Transaction& transaction, std::string_view workspace,
                                                  const std::vector<std::string>& modelIds) {
  std::map<std::string, std::string> digests;
  for (const std::string& id : modelIds) {
    bool cited = transaction
                     .query(
                         "SELECT 1 FROM lineage_edge WHERE workspace = $1 AND origin = $2 AND relation = "
                         "'registered' LIMIT 1",
                         {workspace, "logged-model/" + id})
                     .next();
    if (!cited) continue;
    auto model = findLoggedModel(transaction, id);
    if (model && model->workspace == workspace) digests[id] = digestOfContent(transaction, *model);
  }
  return digests;
}

}  // namespace

void changeModels(registry::Change& change, std::string_view workspace, const std::vector<std::string>& modelIds,
                  const std::function<void()>& write) {
  std::map<std::string, std::string> before = digestsOfCited(change.transaction, workspace, modelIds);
  write();
  for (const auto& [id, previous] : before) {
    auto model = findLoggedModel(change.transaction, id);
    if (!model) continue;
    std::string digest = digestOfContent(change.transaction, *model);
    if (digest != previous)
      change.record(registry::Action::loggedModelChanged, model->workspace, "logged-model/" + id,
                    {{"previous", previous}, {"digest", digest}});
  }
}

LoggedModel readLoggedModel(const db::Rows& rows) {
  constexpr db::Columns at(loggedModelColumns);
  return {.row = rows.integer(at["id"]),
          .modelId = rows.text(at["model_id"]),
          .workspace = rows.text(at["workspace"]),
          .experiment = rows.integer(at["experiment"]),
          .deleted = rows.integer(at["stage"]) != 0,
          .status = static_cast<ModelStatus>(std::clamp<std::int64_t>(rows.integer(at["status"]), 1, 3)),
          .createdAt = rows.integer(at["created_at"]),
          .updatedAt = rows.integer(at["updated_at"]),
          .name = rows.text(at["name"]),
          .modelType = rows.text(at["model_type"]),
          .sourceRun = rows.text(at["source_run"]),
          .artifactUri = rows.text(at["artifact_uri"]),
          .params = unpackTexts(rows.view(at["params"])),
          .tags = unpackTexts(rows.view(at["tags"]))};
}

LoggedModel createLoggedModel(db::Transaction& transaction, std::string_view workspace, const NewLoggedModel& made) {
  if (!made.name.empty()) checkLoggedModelName(made.name);
  checkLength("model_type", limits::modelNameLength, made.modelType);
  checkLength("source_run_id", limits::trackingKeyLength, made.sourceRun);
  checkParams(made.params);
  checkTags(made.tags);
  Experiment experiment = getExperiment(transaction, workspace, made.experiment);
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
  model.row = transaction.insert(
      "INSERT INTO logged_model (model_id, workspace, experiment, stage, status, created_at, updated_at, name, "
      "model_type, "
      "source_run, artifact_uri, params, tags) VALUES ($1, $2, $3, 0, 1, $4, $4, $5, $6, $7, $8, $9, $10) RETURNING id",
      {model.modelId, workspace, model.experiment, now, model.name, model.modelType, model.sourceRun, model.artifactUri,
       packTexts(model.params), packTexts(model.tags)});
  return model;
}

std::optional<LoggedModel> findLoggedModel(db::Transaction& transaction, std::string_view id) {
  static const std::string sql = fmt::format("SELECT {} FROM logged_model WHERE model_id = $1", loggedModelColumns);
  db::Rows rows = transaction.query(sql, {id});
  return rows.next() ? std::optional(readLoggedModel(rows)) : std::nullopt;
}

LoggedModel getLoggedModel(db::Transaction& transaction, std::string_view workspace, std::string_view id,
                           bool deletedToo) {
  auto model = findLoggedModel(transaction, id);
  if (!model || model->workspace != workspace || (model->deleted && !deletedToo)) throw Missing("logged model", id);
  return std::move(*model);
}

LoggedModel finalizeLoggedModel(registry::Change& change, std::string_view workspace, std::string_view id,
                                ModelStatus status) {
  LoggedModel model = getLoggedModel(change.transaction, workspace, id, true);
  model.status = status;
  model.updatedAt = change.now;
  write(change.transaction, model);
  json::object data{{"status", status == ModelStatus::ready          ? "READY"
                               : status == ModelStatus::uploadFailed ? "UPLOAD_FAILED"
                                                                     : "PENDING"},
                    {"name", model.name},
                    {"experiment", std::to_string(model.experiment)}};
  if (!model.sourceRun.empty()) data["run"] = model.sourceRun;
  if (auto folder = registry::treePath(model.artifactUri, workspace)) {
    FolderDigest files = digestOfFolder(change.transaction, workspace, *folder);
    data["files"] = files.files;
    data["digest"] = files.digest;
  }
  change.record(registry::Action::loggedModelFinalized, model.workspace, "logged-model/" + model.modelId,
                std::move(data));
  return model;
}

void deleteLoggedModel(registry::Change& change, std::string_view workspace, std::string_view id,
                       const registry::Removal&) {
  LoggedModel model = getLoggedModel(change.transaction, workspace, id, true);
  if (model.deleted) return;
  model.deleted = true;
  model.updatedAt = change.now;
  write(change.transaction, model);
  change.record(registry::Action::loggedModelDeleted, model.workspace, "logged-model/" + model.modelId,
                {{"name", model.name}});
}

LoggedModel setLoggedModelTags(db::Transaction& transaction, std::string_view workspace, std::string_view id,
                               const Texts& tags) {
  LoggedModel model = getLoggedModel(transaction, workspace, id, true);
  for (const auto& [key, value] : tags) model.tags.insert_or_assign(key, value);
  checkTags(model.tags);
  write(transaction, model);
  return model;
}

void deleteLoggedModelTag(db::Transaction& transaction, std::string_view workspace, std::string_view id,
                          std::string_view key) {
  LoggedModel model = getLoggedModel(transaction, workspace, id, true);
  auto tag = model.tags.find(key);
  if (tag == model.tags.end()) throw Missing("tag", key, "logged model", id);
  model.tags.erase(tag);
  write(transaction, model);
}

void addLoggedModelParams(db::Transaction& transaction, std::string_view workspace, std::string_view id,
                          const Texts& params) {
  LoggedModel model = getLoggedModel(transaction, workspace, id, true);
  for (const auto& [key, value] : params) {
    auto [place, added] = model.params.emplace(key, value);
    if (!added && place->second != value)
      throw RuleError(Rule::paramChanged, "params", fmt::format("must not change: param '{}' has a value", key), value,
                      {key, place->second, value, "model", std::string(id)});
  }
  checkParams(model.params);
  write(transaction, model);
}

void noteRegistration(db::Transaction& transaction, std::string_view modelId, std::string_view name,
                      std::int64_t number) {
  auto model = findLoggedModel(transaction, modelId);
  if (!model) return;
  std::string& list = model->tags[std::string(versionsTag)];
  list = withRegistration(list, name, number);
  write(transaction, *model);
}

void addModelMetric(db::Transaction& transaction, std::string_view workspace, std::string_view modelId,
                    const ModelMetric& metric) {
  db::Rows rows =
      transaction.query("SELECT id FROM logged_model WHERE model_id = $1 AND workspace = $2", {modelId, workspace});
  if (!rows.next()) throw Missing("logged model", modelId);
  checkLength("dataset_name", limits::datasetNameLength, metric.datasetName);
  checkLength("dataset_digest", limits::datasetDigestLength, metric.datasetDigest);
  double value = std::isnan(metric.metric.value) ? 0.0 : metric.metric.value;  // as MLflow keeps it here
  transaction.run(
      "INSERT INTO model_metric (model, key, timestamp, step, run_id, value, dataset_name, dataset_digest) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
      {rows.integer(0), metric.metric.key, metric.metric.timestamp, metric.metric.step, metric.runId, value,
       metric.datasetName, metric.datasetDigest});
}

std::vector<ModelMetric> modelMetrics(db::Transaction& transaction, std::int64_t modelRow) {
  static constexpr std::string_view sql =
      "SELECT key, value, timestamp, step, run_id, dataset_name, dataset_digest FROM model_metric WHERE model = $1 "
      "ORDER BY key, timestamp, step, run_id";
  constexpr db::Columns at(sql);
  std::vector<ModelMetric> metrics;
  db::Rows rows = transaction.query(sql, {modelRow});
  while (rows.next())
    metrics.push_back(
        {{rows.text(at["key"]), rows.real(at["value"]), rows.integer(at["timestamp"]), rows.integer(at["step"])},
         rows.text(at["run_id"]),
         rows.text(at["dataset_name"]),
         rows.text(at["dataset_digest"])});
  return metrics;
}

}  // namespace regesta::tracking

#include "evaluation/evaluation_dataset.h"

#include <algorithm>

#include "base/error.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/limits_evaluation.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "db/columns.h"
#include "tracking/missing.h"
#include "tracking/seen_name.h"

namespace regesta::evaluation {
namespace {

constexpr std::string_view userTag = "mlflow.user";

std::string packExperiments(const std::vector<std::int64_t>& experiments) {
  return writeJson(json::array(experiments.begin(), experiments.end()));
}

std::vector<std::int64_t> unpackExperiments(std::string_view packed) {
  std::vector<std::int64_t> ids;
  json::value list = parseJson(packed);
  for (const json::value& id : list.as_array()) ids.push_back(id.to_number<std::int64_t>());
  return ids;
}

void checkTags(const tracking::Texts& tags) {
  if (tags.size() > limits::evaluationTags)
    throw Invalid("tags", fmt::format("must be at most {}", limits::evaluationTags));
  for (const auto& [key, value] : tags) {
    if (key.empty() || key.size() > limits::nameLength)
      throw Invalid("tags", fmt::format("must have keys of 1 to {} bytes", limits::nameLength));
    if (value.size() > limits::evaluationTagValue)
      throw Invalid("tags", fmt::format("must have values of at most {} bytes", limits::evaluationTagValue));
  }
}

std::string userOf(const tracking::Texts& tags) {
  auto user = tags.find(userTag);
  return user == tags.end() ? std::string() : user->second;
}

/// Adds those that are not there yet.
void addExperiments(db::Transaction& transaction, std::string_view workspace, std::vector<std::int64_t>& into,
                    const std::vector<std::int64_t>& experiments) {
  for (std::int64_t id : experiments) {
    if (!tracking::findExperiment(transaction, workspace, id))
      throw tracking::Missing("experiment", std::to_string(id));
    if (std::ranges::find(into, id) == into.end()) into.push_back(id);
  }
  if (into.size() > limits::evaluationExperiments)
    throw Invalid("experiment_ids", fmt::format("must be at most {}", limits::evaluationExperiments));
}

void save(db::Transaction& transaction, const EvaluationDataset& dataset) {
  transaction.run(
      "UPDATE evaluation_dataset SET tags = $2, experiments = $3, updated_at = $4 WHERE id = $1",
      {dataset.row, tracking::packTexts(dataset.tags), packExperiments(dataset.experiments), dataset.updatedAt});
}

std::string subjectOf(const EvaluationDataset& dataset) { return "evaluation-dataset/" + dataset.datasetId; }

}  // namespace

EvaluationDataset readEvaluationDataset(const db::Rows& rows) {
  constexpr db::Columns at(evaluationDatasetColumns);
  return {.row = rows.integer(at["id"]),
          .datasetId = rows.text(at["dataset_id"]),
          .workspace = rows.text(at["workspace"]),
          .name = rows.text(at["name"]),
          .digest = rows.text(at["digest"]),
          .fields = rows.text(at["fields"]),
          .records = rows.integer(at["records"]),
          .tags = tracking::unpackTexts(rows.view(at["tags"])),
          .experiments = unpackExperiments(rows.view(at["experiments"])),
          .createdAt = rows.integer(at["created_at"]),
          .updatedAt = rows.integer(at["updated_at"]),
          .createdBy = rows.text(at["created_by"]),
          .updatedBy = rows.text(at["updated_by"])};
}

EvaluationDataset createEvaluationDataset(registry::Change& change, std::string_view workspace, std::string_view name,
                                          const tracking::Texts& tags, const std::vector<std::int64_t>& experiments) {
  if (trim(name).empty()) throw Invalid("name", "is required");
  if (name.size() > limits::nameLength)
    throw Invalid("name", fmt::format("must be at most {} bytes", limits::nameLength));
  tracking::checkSeen("dataset name", name);
  checkTags(tags);
  EvaluationDataset made{.datasetId = "d-" + randomHex(16),
                         .workspace = std::string(workspace),
                         .name = std::string(name),
                         .tags = tags,
                         .createdAt = change.now,
                         .updatedAt = change.now,
                         .createdBy = userOf(tags),
                         .updatedBy = userOf(tags)};
  made.digest = crypto::sha256Hex(made.datasetId).substr(0, 8);
  addExperiments(change.transaction, workspace, made.experiments, experiments);
  made.row = change.transaction.insert(
      "INSERT INTO evaluation_dataset (dataset_id, workspace, name, digest, fields, records, tags, experiments, "
      "created_at, updated_at, created_by, updated_by) VALUES ($1, $2, $3, $4, '', 0, $5, $6, $7, $7, $8, $8) "
      "RETURNING id",
      {made.datasetId, workspace, name, made.digest, tracking::packTexts(tags), packExperiments(made.experiments),
       made.createdAt, made.createdBy});
  change.record(registry::Action::evaluationDatasetCreated, made.workspace, subjectOf(made), {{"name", name}});
  return made;
}

std::optional<EvaluationDataset> findEvaluationDataset(db::Transaction& transaction, std::string_view workspace,
                                                       std::string_view datasetId) {
  db::Rows rows =
      transaction.query(fmt::format("SELECT {} FROM evaluation_dataset WHERE workspace = $1 AND dataset_id = $2",
                                    evaluationDatasetColumns),
                        {workspace, datasetId});
  if (!rows.next()) return std::nullopt;
  return readEvaluationDataset(rows);
}

EvaluationDataset getEvaluationDataset(db::Transaction& transaction, std::string_view workspace,
                                       std::string_view datasetId) {
  std::optional<EvaluationDataset> found = findEvaluationDataset(transaction, workspace, datasetId);
  if (!found) throw tracking::Missing("evaluation dataset", datasetId);
  return *std::move(found);
}

void deleteEvaluationDataset(registry::Change& change, const EvaluationDataset& dataset) {
  change.transaction.run("DELETE FROM evaluation_dataset WHERE id = $1", {dataset.row});
  change.record(registry::Action::evaluationDatasetDeleted, dataset.workspace, subjectOf(dataset),
                {{"name", dataset.name}, {"records", dataset.records}, {"digest", dataset.digest}});
}

void setEvaluationTags(db::Transaction& transaction, EvaluationDataset& dataset, const tracking::Texts& tags) {
  for (const auto& [key, value] : tags) dataset.tags.insert_or_assign(key, value);
  checkTags(dataset.tags);
  save(transaction, dataset);
}

void deleteEvaluationTag(db::Transaction& transaction, EvaluationDataset& dataset, std::string_view key) {
  auto tag = dataset.tags.find(key);
  if (tag == dataset.tags.end()) return;
  dataset.tags.erase(tag);
  save(transaction, dataset);
}

void linkExperiments(db::Transaction& transaction, EvaluationDataset& dataset,
                     const std::vector<std::int64_t>& experiments) {
  addExperiments(transaction, dataset.workspace, dataset.experiments, experiments);
  save(transaction, dataset);
}

void unlinkExperiments(db::Transaction& transaction, EvaluationDataset& dataset,
                       const std::vector<std::int64_t>& experiments) {
  std::erase_if(dataset.experiments,
                [&](std::int64_t id) { return std::ranges::find(experiments, id) != experiments.end(); });
  save(transaction, dataset);
}

}  // namespace regesta::evaluation

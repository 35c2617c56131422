#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "registry/change.h"
#include "tracking/experiment.h"

namespace regesta::evaluation {

/// Examples for evaluations by MLflow's client: named, tagged, linked to experiments, and mutable. Not the data that a
/// run read (tracking/input.h) and not a versioned asset of kind dataset.
struct EvaluationDataset {
  std::int64_t row = 0;
  std::string datasetId;  ///< "d-" and 32 hexadecimal digits
  std::string workspace, name;
  std::string digest;        ///< 8 hexadecimal digits; changes with the records
  std::string fields;        ///< JSON: types of the records' members; empty: no record yet
  std::int64_t records = 0;  ///< number of records
  tracking::Texts tags;
  std::vector<std::int64_t> experiments;
  std::int64_t createdAt = 0, updatedAt = 0;  ///< milliseconds
  std::string createdBy, updatedBy;           ///< tag mlflow.user of the dataset, of the newest records
};

struct EvaluationRecord {
  std::int64_t row = 0;
  std::string recordId;  ///< "dr-" and 32 hexadecimal digits
  /// inputs and tags always; outputs, expectations, source, source_id, source_type, created_by, last_updated_by.
  json::object body;
  std::int64_t createdAt = 0, updatedAt = 0;
};

/// Throws Error{notFound} for an unknown experiment, Invalid for a blank name and for texts that are too long.
EvaluationDataset createEvaluationDataset(registry::Change& change, std::string_view workspace, std::string_view name,
                                          const tracking::Texts& tags, const std::vector<std::int64_t>& experiments);
std::optional<EvaluationDataset> findEvaluationDataset(db::Transaction& transaction, std::string_view workspace,
                                                       std::string_view datasetId);
EvaluationDataset getEvaluationDataset(db::Transaction& transaction, std::string_view workspace,
                                       std::string_view datasetId);  ///< throws Error{notFound}
/// With its records.
void deleteEvaluationDataset(registry::Change& change, const EvaluationDataset& dataset);

/// Given tags replace those with the same key. Stored at once, like the two below.
void setEvaluationTags(db::Transaction& transaction, EvaluationDataset& dataset, const tracking::Texts& tags);
void deleteEvaluationTag(db::Transaction& transaction, EvaluationDataset& dataset,
                         std::string_view key);  ///< silent if absent
/// Idempotent. Linking throws Error{notFound} for an unknown experiment.
void linkExperiments(db::Transaction& transaction, EvaluationDataset& dataset,
                     const std::vector<std::int64_t>& experiments);
void unlinkExperiments(db::Transaction& transaction, EvaluationDataset& dataset,
                       const std::vector<std::int64_t>& experiments);

struct Upserted {
  std::int64_t inserted = 0, updated = 0;
};
/// `records` is a list of {inputs, outputs, expectations, tags, source}. A record with the same inputs is
/// updated: outputs replaced, expectations and tags merged. Throws Invalid for a malformed record.
Upserted upsertRecords(registry::Change& change, EvaluationDataset dataset, const json::value& records);
/// Returns the number of deleted records.
std::int64_t deleteRecords(registry::Change& change, EvaluationDataset dataset,
                           const std::vector<std::string>& recordIds);
/// In order of arrival; a page of large ones ends early.
tracking::Page<EvaluationRecord> listRecords(db::Transaction& transaction, const EvaluationDataset& dataset,
                                             std::int64_t maxResults, std::string_view pageToken);

struct EvaluationDatasetSearch {
  std::vector<std::int64_t> experiments;  ///< linked to one of them; empty: all
  std::string filter;                     ///< name, created_time, last_update_time, created_by, last_updated_by, tags.x
  std::vector<std::string> orderBy;       ///< name, created_time, last_update_time; empty: newest first
  std::int64_t maxResults = 1000;
  std::string pageToken;
};
tracking::Page<EvaluationDataset> searchEvaluationDatasets(db::Transaction& transaction, std::string_view workspace,
                                                           const EvaluationDatasetSearch& search);

/// The columns that readEvaluationDataset() reads.
inline constexpr std::string_view evaluationDatasetColumns =
    "id, dataset_id, workspace, name, digest, fields, records, tags, experiments, created_at, updated_at, created_by, "
    "updated_by";
EvaluationDataset readEvaluationDataset(const db::Rows& rows);

}  // namespace regesta::evaluation

#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "registry/change.h"
#include "tracking/experiment.h"

namespace regesta::tracking {

/// Examples that MLflow's client evaluates with: named, tagged, linked to experiments, and growing; not to be confused
/// with the data that a run read (tracking/input.h) or with a versioned asset of kind dataset.
struct EvaluationDataset {
  std::int64_t row = 0;
  std::string datasetId;  ///< "d-" and 32 hexadecimal digits
  std::string workspace, name;
  std::string digest;        ///< 8 hexadecimal digits; another one after every change of the records
  std::string fields;        ///< JSON: the types of the records' members; empty: there was no record yet
  std::int64_t records = 0;  ///< how many
  Texts tags;
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

/// Throws Error{notFound} for an unknown experiment, Invalid for a blank name and what is too long.
EvaluationDataset createEvaluationDataset(registry::Change& change, std::string_view workspace, std::string_view name,
                                          const Texts& tags, const std::vector<std::int64_t>& experiments);
std::optional<EvaluationDataset> findEvaluationDataset(db::Session& session, std::string_view workspace,
                                                       std::string_view datasetId);
EvaluationDataset getEvaluationDataset(db::Session& session, std::string_view workspace,
                                       std::string_view datasetId);  ///< throws Error{notFound}
/// With its records.
void deleteEvaluationDataset(registry::Change& change, const EvaluationDataset& dataset);

/// Tags that are given replace those of the same key. Stored at once, as the two below.
void setEvaluationTags(db::Session& session, EvaluationDataset& dataset, const Texts& tags);
void deleteEvaluationTag(db::Session& session, EvaluationDataset& dataset, std::string_view key);  ///< silent if absent
/// Linking twice and unlinking what is not linked change nothing. Linking throws Error{notFound} for an unknown one.
void linkExperiments(db::Session& session, EvaluationDataset& dataset, const std::vector<std::int64_t>& experiments);
void unlinkExperiments(db::Session& session, EvaluationDataset& dataset, const std::vector<std::int64_t>& experiments);

struct Upserted {
  std::int64_t inserted = 0, updated = 0;
};
/// `records` is a list of {inputs, outputs, expectations, tags, source}. A record whose inputs are there already is
/// changed: outputs replaced, expectations and tags merged. Throws Invalid for what is none.
Upserted upsertRecords(registry::Change& change, EvaluationDataset dataset, const json::value& records);
/// Returns how many there were.
std::int64_t deleteRecords(registry::Change& change, EvaluationDataset dataset,
                           const std::vector<std::string>& recordIds);
/// In the order in which they came; a page of large ones ends early.
Page<EvaluationRecord> listRecords(db::Session& session, const EvaluationDataset& dataset, std::int64_t maxResults,
                                   std::string_view pageToken);

struct EvaluationDatasetSearch {
  std::vector<std::int64_t> experiments;  ///< linked to one of them; empty: all
  std::string filter;                     ///< name, created_time, last_update_time, created_by, last_updated_by, tags.x
  std::vector<std::string> orderBy;       ///< name, created_time, last_update_time; empty: newest first
  std::int64_t maxResults = 1000;
  std::string pageToken;
};
Page<EvaluationDataset> searchEvaluationDatasets(db::Session& session, std::string_view workspace,
                                                 const EvaluationDatasetSearch& search);

/// The columns that readEvaluationDataset() reads.
inline constexpr std::string_view evaluationDatasetColumns =
    "id, dataset_id, workspace, name, digest, fields, records, tags, experiments, created_at, updated_at, created_by, "
    "updated_by";
EvaluationDataset readEvaluationDataset(const db::Rows& rows);

}  // namespace regesta::tracking

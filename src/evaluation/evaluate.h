#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "blob/store.h"
#include "governance/evidence.h"
#include "registry/change.h"

namespace regesta::evaluation {

/// Roles of the columns.
struct Columns {
  std::string label;                ///< in the dataset: the true label
  std::string prediction;           ///< in the predictions
  std::string score;                ///< in the predictions, for the AUC; may be empty
  std::vector<std::string> groups;  ///< in the dataset
  std::string positive;             ///< the value that counts as selected; empty: "1"
  std::string join;                 ///< in both, unique in each; empty: rows are aligned by their order
};

struct Evaluation {
  json::object metrics;   ///< accuracy, precision, recall, f1, selection_rate, n, and auc if there is a score
  json::object fairness;  ///< by group column, see fairness.h
};
/// Computes the metrics from two files, without side effects. Throws Error{invalid} that names file, line and column.
Evaluation evaluate(std::string_view dataset, std::string_view predictions, const Columns& columns);

/// What to evaluate. All names are in `model.workspace`.
struct EvaluationOrder {
  registry::AssetKey model;
  std::string modelSelector;
  std::string dataset, datasetSelector, datasetFile;  ///< a dataset asset; the file may be empty if it has only one
  std::string runId, modelId, digest, path;           ///< predictions: one of the first three, and the file below it
  Columns columns;
  std::string computedBy;  ///< this program and its version
};
struct EvaluationResult {
  governance::Evidence evaluation, fairness;  ///< both verified; fairness.id is 0 without groups
  Evaluation numbers;
};
/// Evaluates stored files and records both pieces of evidence, the lineage edge from the dataset, and the seal of the
/// run with the predictions, in one change.
EvaluationResult runEvaluation(registry::Store& store, blob::BlobStore& blobs, const registry::Actor& actor,
                               const EvaluationOrder& order);

}  // namespace regesta::evaluation

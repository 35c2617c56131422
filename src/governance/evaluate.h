#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "blob/store.h"
#include "governance/evidence.h"
#include "registry/change.h"

namespace regesta::governance {

/// Which columns mean what.
struct Columns {
  std::string label;                ///< in the dataset: the truth
  std::string prediction;           ///< in the predictions
  std::string score;                ///< in the predictions, for the AUC; may be empty
  std::vector<std::string> groups;  ///< in the dataset
  std::string positive;             ///< the value that counts as selected; empty: "1"
  std::string join;                 ///< in both, unique in each; empty: rows are aligned by their order
};

struct Evaluation {
  json::object metrics;   ///< accuracy, precision, recall, f1, selection_rate, n, auc where there is a score
  json::object fairness;  ///< by group column, see fairness.h
};
/// The pure part: two files in, numbers out. Throws Error{invalid} that names file, line and column.
Evaluation evaluate(std::string_view dataset, std::string_view predictions, const Columns& columns);

/// What to evaluate. Everything is looked up in `model.workspace`.
struct EvaluationOrder {
  registry::AssetKey model;
  std::string modelSelector;
  std::string dataset, datasetSelector, datasetFile;  ///< a dataset asset; the file may be empty when it has only one
  std::string runId, modelId, digest, path;           ///< predictions: one of the first three, and the file below it
  Columns columns;
  std::string computedBy;  ///< this program and its version
};
struct EvaluationResult {
  Evidence evaluation, fairness;  ///< both verified; fairness.id is 0 when no group was asked for
  Evaluation numbers;
};
/// Computes from what is stored and records both pieces of evidence, the lineage edge from the dataset, and the seal of
/// the run whose predictions they were, in one change.
EvaluationResult runEvaluation(registry::Store& store, blob::BlobStore& blobs, const registry::Actor& actor,
                               const EvaluationOrder& order);

}  // namespace regesta::governance

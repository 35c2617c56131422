#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tracking/run.h"

namespace regesta::tracking {

/// A dataset that a run read, by name and digest, with its source. Stored once per experiment.
struct Dataset {
  std::int64_t row = 0;
  std::string name, digest;
  std::string sourceType, source;
  std::string schema, profile;  ///< empty: not given
};
struct NewInput {
  Dataset dataset;
  Texts tags;  ///< mlflow.data.context: what it was used for
};

/// Both write to an active run; Error{notFound}, Error{invalid} as in record.h. Existing inputs and outputs
/// stay unchanged. Each input is also a lineage edge dataset/<name>#<digest> → run/<id> (or logged-model/<id> →
/// run/<id>), each output an edge run/<id> → logged-model/<id>.
void logInputs(db::Transaction& transaction, std::string_view workspace, std::string_view runId,
               const std::vector<NewInput>& datasets, const std::vector<std::string>& models);
void logOutputs(db::Transaction& transaction, std::string_view workspace, std::string_view runId,
                const std::vector<ModelOutput>& models);

Dataset getDataset(db::Transaction& transaction, std::int64_t row);  ///< throws Error{corrupt}: only runs name rows

struct DatasetSummary {
  std::int64_t experiment = 0;
  std::string name, digest, context;  ///< context empty: none
};
/// Datasets used in these experiments, at most 1000.
std::vector<DatasetSummary> searchDatasets(db::Transaction& transaction, std::string_view workspace,
                                           const std::vector<std::int64_t>& experiments);

inline constexpr std::string_view datasetContextTag = "mlflow.data.context";

}  // namespace regesta::tracking

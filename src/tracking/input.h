#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tracking/run.h"

namespace regesta::tracking {

/// What a run read: data by name and digest, with where it came from. Kept once an experiment.
struct Dataset {
  std::int64_t row = 0;
  std::string name, digest;
  std::string sourceType, source;
  std::string schema, profile;  ///< empty: not given
};
struct NewInput {
  Dataset dataset;
  Texts tags;  ///< mlflow.data.context says what it was used for
};

/// Both write to an active run; Error{notFound}, Error{invalid} as in record.h. What the run has already stays as it
/// is. Each input is also a lineage edge dataset/<name>#<digest> → run/<id> (or logged-model/<id> → run/<id>), each
/// output an edge run/<id> → logged-model/<id>.
void logInputs(db::Session& session, std::string_view workspace, std::string_view runId,
               const std::vector<NewInput>& datasets, const std::vector<std::string>& models);
void logOutputs(db::Session& session, std::string_view workspace, std::string_view runId,
                const std::vector<ModelOutput>& models);

Dataset getDataset(db::Session& session, std::int64_t row);  ///< throws Error{corrupt}: only runs name rows

struct DatasetSummary {
  std::int64_t experiment = 0;
  std::string name, digest, context;  ///< context empty: none was given
};
/// What was used in these experiments, at most 1000.
std::vector<DatasetSummary> searchDatasets(db::Session& session, std::string_view workspace,
                                           const std::vector<std::int64_t>& experiments);

inline constexpr std::string_view datasetContextTag = "mlflow.data.context";

}  // namespace regesta::tracking

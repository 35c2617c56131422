#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/change.h"
#include "tracking/pack.h"

namespace regesta::tracking {

/// A model that a run (or nobody's run) produced, before anybody registers it: MLflow's logged model.
enum class ModelStatus { pending = 1, ready = 2, uploadFailed = 3 };

struct LoggedModel {
  std::int64_t row = 0;
  std::string modelId;  ///< "m-" and 32 hexadecimal digits
  std::string workspace;
  std::int64_t experiment = 0;
  bool deleted = false;
  ModelStatus status = ModelStatus::pending;
  std::int64_t createdAt = 0, updatedAt = 0;  ///< milliseconds
  std::string name, modelType, sourceRun;
  std::string artifactUri;
  Texts params, tags;
};

/// A metric of a run that says which model (and which dataset) it measures.
struct ModelMetric {
  Metric metric;
  std::string runId, datasetName, datasetDigest;
};

struct NewLoggedModel {
  std::int64_t experiment = 0;
  std::string name, modelType, sourceRun;  ///< no name: one is made up
  Texts params, tags;
};

/// Throws Error{notFound} for an unknown experiment, Error{invalid} for a deleted one, a bad name or too long values.
LoggedModel createLoggedModel(db::Session& session, std::string_view workspace, const NewLoggedModel& made);
/// Deleted ones too. Whatever workspace it belongs to: compare `workspace`.
std::optional<LoggedModel> findLoggedModel(db::Session& session, std::string_view id);
/// Throws Error{notFound} when there is none in this workspace, or only a deleted one and `deletedToo` is false.
LoggedModel getLoggedModel(db::Session& session, std::string_view workspace, std::string_view id,
                           bool deletedToo = false);
/// Recorded as "logged-model.finalized" with the digest of its files where the server keeps them.
LoggedModel finalizeLoggedModel(registry::Change& change, std::string_view workspace, std::string_view id,
                                ModelStatus status);
void deleteLoggedModel(registry::Change& change, std::string_view workspace, std::string_view id);
LoggedModel setLoggedModelTags(db::Session& session, std::string_view workspace, std::string_view id,
                               const Texts& tags);
/// Throws Error{notFound} when the model has no such tag.
void deleteLoggedModelTag(db::Session& session, std::string_view workspace, std::string_view id, std::string_view key);
/// Params do not change: the same value again is fine, another one throws Error{invalid}.
void addLoggedModelParams(db::Session& session, std::string_view workspace, std::string_view id, const Texts& params);

/// Notes in tag mlflow.modelVersions that version `number` of `name` was made from this model, as MLflow's client does.
/// Silent when there is no such model.
void noteRegistration(db::Session& session, std::string_view modelId, std::string_view name, std::int64_t number);

/// Attaches metrics that a run logged to the models they name. Unknown models throw Error{notFound}.
void addModelMetric(db::Session& session, std::string_view workspace, std::string_view modelId,
                    const ModelMetric& metric);
std::vector<ModelMetric> modelMetrics(db::Session& session, std::int64_t modelRow);

/// The columns that readLoggedModel() reads, for queries over many models.
inline constexpr std::string_view loggedModelColumns =
    "id, model_id, workspace, experiment, stage, status, created_at, updated_at, name, model_type, source_run, "
    "artifact_uri, "
    "params, tags";
LoggedModel readLoggedModel(const db::Rows& rows);

}  // namespace regesta::tracking

#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/change.h"
#include "registry/clearance.h"
#include "tracking/pack.h"

namespace regesta::tracking {

/// A model that a run produced or a client logged without a run, before registration: MLflow's logged model.
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

/// A metric of a run about a model and, optionally, a dataset.
struct ModelMetric {
  Metric metric;
  std::string runId, datasetName, datasetDigest;
};

struct NewLoggedModel {
  std::int64_t experiment = 0;
  std::string name, modelType, sourceRun;  ///< no name: a random one
  Texts params, tags;
};

/// Throws Error{notFound} for an unknown experiment, Error{invalid} for a deleted one, a bad name or too long values.
LoggedModel createLoggedModel(db::Transaction& transaction, std::string_view workspace, const NewLoggedModel& made);
/// Includes deleted ones, of all workspaces: compare `workspace`.
std::optional<LoggedModel> findLoggedModel(db::Transaction& transaction, std::string_view id);
/// Throws Error{notFound} for one that is not in this workspace, or deleted unless `deletedToo`.
LoggedModel getLoggedModel(db::Transaction& transaction, std::string_view workspace, std::string_view id,
                           bool deletedToo = false);
/// Recorded as "logged-model.finalized" with the digest of its files, if the server stores them.
LoggedModel finalizeLoggedModel(registry::Change& change, std::string_view workspace, std::string_view id,
                                ModelStatus status);
void deleteLoggedModel(registry::Change& change, std::string_view workspace, std::string_view id,
                       const registry::Removal& removal);
LoggedModel setLoggedModelTags(db::Transaction& transaction, std::string_view workspace, std::string_view id,
                               const Texts& tags);
/// Throws Error{notFound} if the model has no such tag.
void deleteLoggedModelTag(db::Transaction& transaction, std::string_view workspace, std::string_view id,
                          std::string_view key);
/// Params do not change: another value throws RuleError.
void addLoggedModelParams(db::Transaction& transaction, std::string_view workspace, std::string_view id,
                          const Texts& params);

/// Records in tag mlflow.modelVersions that version `number` of `name` was made from this model, as MLflow's client
/// does. No effect if there is no such model.
void noteRegistration(db::Transaction& transaction, std::string_view modelId, std::string_view name,
                      std::int64_t number);

/// Runs `write`. If it changes params, tags or metrics of models that a version cites, that is recorded as
/// "logged-model.changed" with the digests before and after.
void changeModels(registry::Change& change, std::string_view workspace, const std::vector<std::string>& modelIds,
                  const std::function<void()>& write);

/// Attaches metrics that a run logged to the models they name. Unknown models throw Error{notFound}.
void addModelMetric(db::Transaction& transaction, std::string_view workspace, std::string_view modelId,
                    const ModelMetric& metric);
std::vector<ModelMetric> modelMetrics(db::Transaction& transaction, std::int64_t modelRow);

/// The columns that readLoggedModel() reads, for queries over many models.
inline constexpr std::string_view loggedModelColumns =
    "id, model_id, workspace, experiment, stage, status, created_at, updated_at, name, model_type, source_run, "
    "artifact_uri, "
    "params, tags";
LoggedModel readLoggedModel(const db::Rows& rows);

}  // namespace regesta::tracking

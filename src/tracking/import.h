#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/change.h"
#include "tracking/experiment.h"
#include "tracking/input.h"
#include "tracking/logged_model.h"
#include "tracking/record.h"
#include "tracking/run.h"

namespace regesta::tracking {

/// What an import brings from another server: with its identifiers and times, and whether it is deleted there.

/// The gate's leave to delete a lineage node ("run/ID"): called when the source deleted what is here.
using Remover = std::function<registry::Removal(std::string_view node)>;

struct ImportedExperiment {
  std::int64_t number = 0;  ///< at the source; kept if it is free
  std::string name;
  bool deleted = false;
  std::int64_t createdAt = 0, updatedAt = 0;
  Texts tags;
};
/// Creates it, under the source's number if no experiment of any workspace has it and it is above 0. Throws like
/// createExperiment().
Experiment importExperiment(registry::Change& change, db::Dialect dialect, std::string_view workspace,
                            const ImportedExperiment& imported, std::string_view artifactRoot, const Remover& remover);
/// Brings name, stage, times and tags of an earlier import up to date. Tags that only this server has stay.
Experiment renewExperiment(registry::Change& change, std::string_view workspace, std::int64_t id,
                           const ImportedExperiment& imported, const Remover& remover);

struct ImportedRun {
  std::string runId;
  std::int64_t experiment = 0;  ///< of this server
  std::string name, userId;
  RunStatus status = RunStatus::running;
  std::int64_t startTime = 0;
  std::optional<std::int64_t> endTime, deletedAt;
  bool deleted = false;
  Texts params, tags;
  std::vector<LoggedMetric> metrics;  ///< any part of the history: points that are here already change nothing
  std::vector<NewInput> inputs;
  std::vector<std::string> models;
  std::vector<ModelOutput> outputs;
  bool complete = true;  ///< the last part: the run takes its stage and is sealed with reason "imported"
};
/// Creates the run, or brings it up to date. Values of the source win; tags and params that only this server has stay.
/// Throws Error{exists} if the run belongs to another workspace or experiment, and as logBatch() and logInputs() do.
Run importRun(registry::Change& change, std::string_view workspace, const ImportedRun& imported,
              const Remover& remover);

struct ImportedLoggedModel {
  std::string modelId;
  std::int64_t experiment = 0;
  std::string name, modelType, sourceRun;
  ModelStatus status = ModelStatus::pending;
  bool deleted = false;
  std::int64_t createdAt = 0, updatedAt = 0;
  Texts params, tags;
  std::vector<ModelMetric> metrics;
};
/// As importRun(). Recorded as "logged-model.finalized" when it becomes ready.
LoggedModel importLoggedModel(registry::Change& change, std::string_view workspace, const ImportedLoggedModel& imported,
                              const Remover& remover);

}  // namespace regesta::tracking

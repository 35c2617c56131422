#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tracking/run.h"

namespace regesta::tracking {

/// A metric as a client logs it: it may also measure a logged model on a dataset.
struct LoggedMetric {
  Metric metric;
  std::string modelId, datasetName, datasetDigest;
};
using Pair = std::pair<std::string, std::string>;

struct Batch {
  std::vector<LoggedMetric> metrics;
  std::vector<Pair> params, tags;
};

/// All write to an active run and throw Error{notFound} when there is none, Error{invalid} when it is deleted or when
/// something breaks a rule; then nothing of the call is kept.

/// Params, metrics and tags together. An exact retry changes nothing. A param that has another value already refuses
/// the whole batch; the latest metric of a key is that with the greatest (step, timestamp, value).
void logBatch(db::Session& session, std::string_view workspace, std::string_view runId, const Batch& batch);
void logMetric(db::Session& session, std::string_view workspace, std::string_view runId, const LoggedMetric& metric);
void logParam(db::Session& session, std::string_view workspace, std::string_view runId, std::string_view key,
              std::string_view value);
/// Tag mlflow.runName renames the run.
void setTag(db::Session& session, std::string_view workspace, std::string_view runId, std::string_view key,
            std::string_view value);
/// Throws Error{notFound} when the run has no such tag.
void deleteTag(db::Session& session, std::string_view workspace, std::string_view runId, std::string_view key);
/// MLflow's older way to say that a run made a model: appends to the JSON list in tag mlflow.log-model.history.
void noteLoggedModel(db::Session& session, std::string_view workspace, std::string_view runId,
                     std::string_view modelJson);

struct RunUpdate {
  std::optional<RunStatus> status;
  std::optional<std::int64_t> endTime;
  std::string name;  ///< empty: keep
};
/// What is absent stays. When the status ends the run, its content is sealed in the same transaction (tracking/seal.h).
Run updateRun(registry::Store& store, const registry::Actor& actor, std::string_view workspace, std::string_view runId,
              const RunUpdate& update);

}  // namespace regesta::tracking

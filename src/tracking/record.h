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

/// All write to an active run. Throw Error{notFound} for an unknown run, Error{invalid} for a deleted one, RuleError
/// for a value that breaks a rule; nothing of the call is then stored.

/// Logs params, metrics and tags. An exact retry changes nothing. A param that has another value refuses the whole
/// batch; the latest metric of a key is the one with the greatest (step, timestamp, value).
void logBatch(db::Transaction& transaction, std::string_view workspace, std::string_view runId, const Batch& batch);
void logMetric(db::Transaction& transaction, std::string_view workspace, std::string_view runId,
               const LoggedMetric& metric);
/// Logs any number of points at once and stores the run: for clients that stream their history.
void logPoints(db::Transaction& transaction, Run& run, const std::vector<Metric>& points);
void logParam(db::Transaction& transaction, std::string_view workspace, std::string_view runId, std::string_view key,
              std::string_view value);
/// Tag mlflow.runName renames the run.
void setTag(db::Transaction& transaction, std::string_view workspace, std::string_view runId, std::string_view key,
            std::string_view value);
/// Throws Error{notFound} if the run has no such tag.
void deleteTag(db::Transaction& transaction, std::string_view workspace, std::string_view runId, std::string_view key);
/// MLflow's older record of a run's model: appends to the JSON list in tag mlflow.log-model.history.
void noteLoggedModel(db::Transaction& transaction, std::string_view workspace, std::string_view runId,
                     std::string_view modelJson);

struct RunUpdate {
  std::optional<RunStatus> status;
  std::optional<std::int64_t> endTime;
  std::string name;  ///< empty: keep
};
/// Absent members stay unchanged. A status that ends the run seals its content in the same transaction (seal.h).
Run updateRun(registry::Store& store, const registry::Actor& actor, std::string_view workspace, std::string_view runId,
              const RunUpdate& update);

}  // namespace regesta::tracking

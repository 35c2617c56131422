#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/change.h"
#include "registry/clearance.h"
#include "tracking/experiment.h"
#include "tracking/pack.h"

namespace regesta::tracking {

/// How to read runs with SQL. The row has the latest values as JSON text; with SQLite:
///   SELECT run_id, json_extract(metrics, '$.acc[0]') AS acc, params ->> 'lr' AS lr FROM run WHERE experiment = 1;
///   SELECT run_id, m.key, m.value ->> 0 AS value FROM run, json_each(run.metrics) AS m;
///   SELECT p.value ->> 3 AS step, p.value ->> 1 AS value FROM metric_log, json_each(body) AS p
///     WHERE run = (SELECT id FROM run WHERE run_id = '…') AND p.value ->> 0 = 'loss' ORDER BY step;
/// PostgreSQL: metrics::json -> 'acc' ->> 0, json_each(metrics::json), json_array_elements(body::json).
/// Without SQL: GET /api/v1/runs/{id}, or MLflow's own /api/2.0/mlflow/runs/get and metrics/get-history.

enum class RunStatus { running = 1, scheduled = 2, finished = 3, failed = 4, killed = 5 };
std::string_view statusName(RunStatus status);  ///< "FINISHED"
std::optional<RunStatus> parseStatus(std::string_view name);
/// Finished, failed or killed: the run has ended.
bool isTerminal(RunStatus status);

struct DatasetInput {
  std::int64_t dataset = 0;  ///< row in table dataset
  std::string name, digest;
  Texts tags;
};
struct ModelOutput {
  std::string modelId;
  std::int64_t step = 0;
};
/// Inputs and outputs of a run.
struct RunLinks {
  std::vector<DatasetInput> inputs;
  std::vector<std::string> models;
  std::vector<ModelOutput> outputs;
  bool empty() const { return inputs.empty() && models.empty() && outputs.empty(); }
};

struct Run {
  std::int64_t row = 0;
  std::string runId;  ///< 32 hexadecimal digits
  std::string workspace;
  std::int64_t experiment = 0;
  bool deleted = false;
  RunStatus status = RunStatus::running;
  std::int64_t startTime = 0;  ///< milliseconds, from the client
  std::optional<std::int64_t> endTime;
  std::int64_t revision = 0;        ///< counts the writes
  std::int64_t sealedRevision = 0;  ///< the revision whose content digest is in the ledger; 0: never sealed
  std::string sealedDigest;
  std::string name, userId, artifactUri;
  std::vector<Metric> metrics;  ///< the latest of each key, by key
  Texts params, tags;
  RunLinks links;
  std::string subject() const { return "run/" + runId; }
};

struct NewRun {
  std::int64_t experiment = 0;
  std::string userId, name;  ///< no name: that of tag mlflow.runName, or a random one
  std::int64_t startTime = 0;
  Texts tags;
};

/// Throws Error{notFound} for an unknown experiment, Error{invalid} for a deleted one or if name and tag differ.
Run createRun(db::Transaction& transaction, std::string_view workspace, const NewRun& made);
/// Deleted ones too.
std::optional<Run> findRun(db::Transaction& transaction, std::string_view workspace, std::string_view runId);
Run getRun(db::Transaction& transaction, std::string_view workspace,
           std::string_view runId);  ///< throws Error{notFound}
/// As getRun; throws Error{invalid} for a deleted run.
Run getActiveRun(db::Transaction& transaction, std::string_view workspace, std::string_view runId);

/// No effect if it is deleted (or active) already.
void deleteRun(registry::Change& change, std::string_view workspace, std::string_view runId,
               const registry::Removal& removal);
void restoreRun(registry::Change& change, std::string_view workspace, std::string_view runId);

/// Stores a changed run of getActiveRun() and increments its revision.
void saveRun(db::Transaction& transaction, Run& run);

/// The columns that readRun() reads, for queries over many runs.
inline constexpr std::string_view runColumns =
    "id, run_id, workspace, experiment, stage, status, start_time, end_time, revision, sealed_revision, sealed_digest, "
    "name, "
    "user_id, artifact_uri, metrics, params, tags, links";
Run readRun(const db::Rows& rows);
std::string packLinks(const RunLinks& links);
RunLinks unpackLinks(std::string_view packed);

inline constexpr std::string_view runNameTag = "mlflow.runName";

}  // namespace regesta::tracking

#include "tracking/input.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/time.h"
#include "db/columns.h"
#include "registry/lineage.h"
#include "tracking/rule_error.h"
#include "tracking/rules.h"

namespace regesta::tracking {
namespace {

void checkInput(const NewInput& input) {
  const Dataset& dataset = input.dataset;
  checkLength("name", limits::datasetNameLength, dataset.name);
  checkLength("digest", limits::datasetDigestLength, dataset.digest);
  checkLength("source", limits::datasetSourceLength, dataset.source);
  checkLength("schema", limits::datasetSchemaLength, dataset.schema);
  checkLength("profile", limits::datasetProfileLength, dataset.profile);
  for (const auto& [key, value] : input.tags) {
    checkLength("key", limits::inputTagKeyLength, key);
    checkLength("value", limits::inputTagValueLength, value);
  }
}

/// The row of this dataset in the experiment, made when there is none.
std::int64_t datasetRow(db::Transaction& transaction, std::int64_t experiment, const Dataset& dataset) {
  {
    db::Rows rows = transaction.query("SELECT id FROM dataset WHERE experiment = $1 AND name = $2 AND digest = $3",
                                      {experiment, dataset.name, dataset.digest});
    if (rows.next()) return rows.integer(0);
  }
  return transaction.insert(
      "INSERT INTO dataset (experiment, name, digest, source_type, source, schema_text, profile) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
      {experiment, dataset.name, dataset.digest, dataset.sourceType, dataset.source, dataset.schema, dataset.profile});
}

void addInput(db::Transaction& transaction, Run& run, const NewInput& input) {
  const Dataset& dataset = input.dataset;
  bool known = std::any_of(run.links.inputs.begin(), run.links.inputs.end(),
                           [&](const DatasetInput& i) { return i.name == dataset.name && i.digest == dataset.digest; });
  if (known) return;
  std::int64_t row = datasetRow(transaction, run.experiment, dataset);
  auto context = input.tags.find(datasetContextTag);
  transaction.run("INSERT INTO dataset_context (dataset, context) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                  {row, context == input.tags.end() ? std::string_view() : std::string_view(context->second)});
  run.links.inputs.push_back({row, dataset.name, dataset.digest, input.tags});
  registry::addEdge(transaction, run.workspace,
                    {.from = fmt::format("dataset/{}#{}", dataset.name, dataset.digest),
                     .to = run.subject(),
                     .relation = "input",
                     .at = nowMillis()});
}

}  // namespace

void logInputs(db::Transaction& transaction, std::string_view workspace, std::string_view runId,
               const std::vector<NewInput>& datasets, const std::vector<std::string>& models) {
  checkRunId(runId);
  if (datasets.size() > limits::batchDatasets)
    throw RuleError(Rule::inputCount, "datasets",
                    fmt::format("must be at most {} in one request", limits::batchDatasets),
                    std::to_string(datasets.size()), {std::to_string(limits::batchDatasets)});
  for (const NewInput& input : datasets) checkInput(input);
  Run run = getActiveRun(transaction, workspace, runId);
  for (const NewInput& input : datasets) addInput(transaction, run, input);
  for (const std::string& model : models) {
    if (std::find(run.links.models.begin(), run.links.models.end(), model) != run.links.models.end()) continue;
    run.links.models.push_back(model);
    registry::addEdge(transaction, workspace,
                      {.from = "logged-model/" + model, .to = run.subject(), .relation = "input", .at = nowMillis()});
  }
  saveRun(transaction, run);
}

void logOutputs(db::Transaction& transaction, std::string_view workspace, std::string_view runId,
                const std::vector<ModelOutput>& models) {
  Run run = getActiveRun(transaction, workspace, runId);
  for (const ModelOutput& output : models) {
    checkLength("model_id", limits::trackingKeyLength, output.modelId);
    bool known = std::any_of(run.links.outputs.begin(), run.links.outputs.end(), [&](const ModelOutput& o) {
      return o.modelId == output.modelId && o.step == output.step;
    });
    if (known) continue;
    run.links.outputs.push_back(output);
    registry::addEdge(
        transaction, workspace,
        {.from = run.subject(), .to = "logged-model/" + output.modelId, .relation = "output", .at = nowMillis()});
  }
  saveRun(transaction, run);
}

Dataset getDataset(db::Transaction& transaction, std::int64_t row) {
  static constexpr std::string_view sql =
      "SELECT id, name, digest, source_type, source, schema_text, profile FROM dataset WHERE id = $1";
  constexpr db::Columns at(sql);
  db::Rows rows = transaction.query(sql, {row});
  if (!rows.next()) throw error(Code::corrupt, "a run names dataset row {}, which is not there", row);
  return {rows.integer(at["id"]),  rows.text(at["name"]),        rows.text(at["digest"]), rows.text(at["source_type"]),
          rows.text(at["source"]), rows.text(at["schema_text"]), rows.text(at["profile"])};
}

std::vector<DatasetSummary> searchDatasets(db::Transaction& transaction, std::string_view workspace,
                                           const std::vector<std::int64_t>& experiments) {
  constexpr std::size_t limit = 1000;
  std::vector<DatasetSummary> found;
  for (std::int64_t experiment : experiments) {
    if (found.size() >= limit || !findExperiment(transaction, workspace, experiment)) continue;
    db::Rows rows = transaction.query(
        "SELECT d.name, d.digest, c.context FROM dataset d JOIN dataset_context c ON c.dataset = d.id "
        "WHERE d.experiment = $1 ORDER BY d.id, c.context LIMIT $2",
        {experiment, limit - found.size()});
    while (rows.next()) found.push_back({experiment, rows.text(0), rows.text(1), rows.text(2)});
  }
  return found;
}

}  // namespace regesta::tracking

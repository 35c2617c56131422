#include "api/mlflow/tracking_wire.h"

namespace regesta::api::mlflow::wire {
namespace {

std::optional<std::string> maybe(const std::string& text) { return text.empty() ? std::nullopt : std::optional(text); }

DatasetInput inputOf(const tracking::DatasetInput& input, Datasets& datasets) {
  const tracking::Dataset& dataset = datasets.of(input.dataset);
  return {listOf(input.tags),
          {dataset.name, dataset.digest, dataset.sourceType, dataset.source, maybe(dataset.schema),
           maybe(dataset.profile)}};
}

}  // namespace

const tracking::Dataset& Datasets::of(std::int64_t row) {
  auto found = known_.find(row);
  if (found == known_.end()) found = known_.emplace(row, tracking::getDataset(transaction_, row)).first;
  return found->second;
}

tracking::View viewOf(std::string_view word) {
  return word == viewWords[1]   ? tracking::View::deletedOnly
         : word == viewWords[2] ? tracking::View::all
                                : tracking::View::activeOnly;
}

std::vector<KeyValue> listOf(tracking::Texts texts) {
  std::vector<KeyValue> list;
  list.reserve(texts.size());
  while (!texts.empty()) {
    auto node = texts.extract(texts.begin());
    list.push_back({std::move(node.key()), std::move(node.mapped())});
  }
  return list;
}

tracking::Texts textsOf(const std::vector<KeyValue>& list) {
  tracking::Texts texts;
  for (const KeyValue& item : list) texts.insert_or_assign(item.key, item.value);
  return texts;
}

std::vector<tracking::Pair> pairsOf(const std::vector<KeyValue>& list) {
  std::vector<tracking::Pair> pairs;
  pairs.reserve(list.size());
  for (const KeyValue& item : list) pairs.emplace_back(item.key, item.value);
  return pairs;
}

Metric metricOf(tracking::Metric metric) {
  return {.key = std::move(metric.key), .value = metric.value, .timestamp = metric.timestamp, .step = metric.step};
}

RunInfo infoOf(const tracking::Run& run) {
  return {.run_uuid = run.runId,
          .run_id = run.runId,
          .run_name = run.name,
          .experiment_id = std::to_string(run.experiment),
          .user_id = run.userId,
          .status = std::string(tracking::statusName(run.status)),
          .start_time = run.startTime,
          .end_time = run.endTime,
          .artifact_uri = run.artifactUri,
          .lifecycle_stage = run.deleted ? "deleted" : "active"};
}

Run runOf(tracking::Run run, Datasets& datasets) {
  Run out{.info = infoOf(run)};
  out.data.metrics.reserve(run.metrics.size());
  for (tracking::Metric& metric : run.metrics) out.data.metrics.push_back(metricOf(std::move(metric)));
  out.data.params = listOf(std::move(run.params));
  out.data.tags = listOf(std::move(run.tags));
  for (const tracking::DatasetInput& input : run.links.inputs)
    out.inputs.dataset_inputs.push_back(inputOf(input, datasets));
  for (const std::string& model : run.links.models) out.inputs.model_inputs.push_back({model});
  out.outputs.emplace();
  for (const tracking::ModelOutput& output : run.links.outputs)
    out.outputs->model_outputs.push_back({output.modelId, output.step});
  return out;
}

}  // namespace regesta::api::mlflow::wire

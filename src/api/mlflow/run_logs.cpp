#include "api/mlflow/run_logs.h"

#include "api/mlflow/rule_text.h"
#include "api/mlflow/tracking_wire.h"
#include "api/tracking_scope.h"
#include "base/json.h"
#include "tracking/input.h"
#include "tracking/logged_model.h"
#include "tracking/record.h"
#include "tracking/seal.h"

namespace regesta::api::mlflow {
namespace {

using access::Verb;
using wire::runIdOf;

struct LogMetric {
  std::string run_id, run_uuid, key;
  double value = 0;
  std::int64_t timestamp = 0, step = 0;
  std::string model_id, dataset_name, dataset_digest;
  static constexpr Field fields[] = {field<&LogMetric::run_id>("run_id"),
                                     field<&LogMetric::run_uuid>("run_uuid"),
                                     field<&LogMetric::key>("key", required),
                                     field<&LogMetric::value>("value", required),
                                     field<&LogMetric::timestamp>("timestamp", required),
                                     field<&LogMetric::step>("step"),
                                     field<&LogMetric::model_id>("model_id"),
                                     field<&LogMetric::dataset_name>("dataset_name"),
                                     field<&LogMetric::dataset_digest>("dataset_digest")};
};
struct RunKeyValue {
  std::string run_id, run_uuid, key, value;
  static constexpr Field fields[] = {field<&RunKeyValue::run_id>("run_id"), field<&RunKeyValue::run_uuid>("run_uuid"),
                                     field<&RunKeyValue::key>("key", required), field<&RunKeyValue::value>("value")};
};
struct RunKey {
  std::string run_id, run_uuid, key;
  static constexpr Field fields[] = {field<&RunKey::run_id>("run_id"), field<&RunKey::run_uuid>("run_uuid"),
                                     field<&RunKey::key>("key", required)};
};
struct BatchMetric {
  std::string key;
  double value = 0;
  std::int64_t timestamp = 0, step = 0;
  std::string model_id, dataset_name, dataset_digest;
  static constexpr Field fields[] = {field<&BatchMetric::key>("key", required),
                                     field<&BatchMetric::value>("value", required),
                                     field<&BatchMetric::timestamp>("timestamp", required),
                                     field<&BatchMetric::step>("step"),
                                     field<&BatchMetric::model_id>("model_id"),
                                     field<&BatchMetric::dataset_name>("dataset_name"),
                                     field<&BatchMetric::dataset_digest>("dataset_digest")};
};
struct BatchText {
  std::string key, value;
  static constexpr Field fields[] = {field<&BatchText::key>("key", required), field<&BatchText::value>("value")};
};
struct LogBatch {
  std::string run_id, run_uuid;
  std::vector<BatchMetric> metrics;
  std::vector<BatchText> params, tags;
  static constexpr Field fields[] = {field<&LogBatch::run_id>("run_id"), field<&LogBatch::run_uuid>("run_uuid"),
                                     field<&LogBatch::metrics>("metrics"), field<&LogBatch::params>("params"),
                                     field<&LogBatch::tags>("tags")};
};
struct LogModel {
  std::string run_id, run_uuid, model_json;
  static constexpr Field fields[] = {field<&LogModel::run_id>("run_id"), field<&LogModel::run_uuid>("run_uuid"),
                                     field<&LogModel::model_json>("model_json", required)};
};
struct LogInputs {
  std::string run_id, run_uuid;
  std::vector<wire::DatasetInput> datasets;
  std::vector<wire::ModelInput> models;
  static constexpr Field fields[] = {field<&LogInputs::run_id>("run_id"), field<&LogInputs::run_uuid>("run_uuid"),
                                     field<&LogInputs::datasets>("datasets"), field<&LogInputs::models>("models")};
};
struct LogOutputs {
  std::string run_id, run_uuid;
  std::vector<wire::ModelOutput> models;
  static constexpr Field fields[] = {field<&LogOutputs::run_id>("run_id"), field<&LogOutputs::run_uuid>("run_uuid"),
                                     field<&LogOutputs::models>("models", required)};
};

template <class In>
tracking::LoggedMetric metricOf(const In& in) {
  return {{in.key, in.value, in.timestamp, in.step}, in.model_id, in.dataset_name, in.dataset_digest};
}

/// Writes into a run that the caller may write to, and into the logged models whose metrics these are. What changes a
/// sealed run, or a model that a version is made of, is recorded.
template <class Fn>
Empty writeInto(Call& call, const std::string& runId, Fn fn, const std::vector<std::string>& models = {}) {
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    requireRun(call, Verb::write, change.transaction, runId);
    for (const std::string& model : models) requireModel(call, Verb::write, change.transaction, model);
    tracking::changeModels(change, call.workspace, models, [&] { fn(change.transaction); });
    tracking::recordWrite(change, call.workspace, runId);
  });
  return {};
}

/// Writes into a run what also makes edges of its lineage, which are governed.
template <class Fn>
Empty linkRun(Call& call, const std::string& runId, Fn fn) {
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    requireRun(call, Verb::write, change.transaction, runId);
    fn(change.transaction);
    if (change.noted()) change.record(registry::Action::runLinked, call.workspace, "run/" + runId);
    tracking::recordWrite(change, call.workspace, runId);
  });
  return {};
}

Empty logMetric(Call& call, const LogMetric& in) {
  const std::string& runId = runIdOf(in);
  std::vector<std::string> models;
  if (!in.model_id.empty()) models.push_back(in.model_id);
  return writeInto(
      call, runId,
      [&](db::Transaction& transaction) { tracking::logMetric(transaction, call.workspace, runId, metricOf(in)); },
      models);
}

Empty logParameter(Call& call, const RunKeyValue& in) {
  const std::string& runId = runIdOf(in);
  return writeInto(call, runId, [&](db::Transaction& transaction) {
    tracking::logParam(transaction, call.workspace, runId, in.key, in.value);
  });
}

Empty setTag(Call& call, const RunKeyValue& in) {
  const std::string& runId = runIdOf(in);
  return writeInto(call, runId, [&](db::Transaction& transaction) {
    tracking::setTag(transaction, call.workspace, runId, in.key, in.value);
  });
}

Empty deleteTag(Call& call, const RunKey& in) {
  const std::string& runId = runIdOf(in);
  return writeInto(call, runId, [&](db::Transaction& transaction) {
    tracking::deleteTag(transaction, call.workspace, runId, in.key);
  });
}

Empty logBatch(Call& call, const LogBatch& in) {
  const std::string& runId = runIdOf(in);
  tracking::Batch batch;
  batch.metrics.reserve(in.metrics.size());
  for (const BatchMetric& metric : in.metrics) batch.metrics.push_back(metricOf(metric));
  for (const BatchText& param : in.params) batch.params.emplace_back(param.key, param.value);
  for (const BatchText& tag : in.tags) batch.tags.emplace_back(tag.key, tag.value);
  std::vector<std::string> models;
  for (const BatchMetric& metric : in.metrics)
    if (!metric.model_id.empty() && std::ranges::find(models, metric.model_id) == models.end())
      models.push_back(metric.model_id);
  return writeInto(
      call, runId, [&](db::Transaction& transaction) { tracking::logBatch(transaction, call.workspace, runId, batch); },
      models);
}

/// As Python's json.dumps writes it: what clients find in the tag is what MLflow's own server would have put there.
void appendPythonJson(std::string& out, const json::value& value) {
  if (const json::object* object = value.if_object()) {
    out += '{';
    for (const auto& [key, member] : *object) {
      if (out.back() != '{') out += ", ";
      appendJsonString(out, key);
      out += ": ";
      appendPythonJson(out, member);
    }
    out += '}';
  } else if (const json::array* array = value.if_array()) {
    out += '[';
    for (const json::value& item : *array) {
      if (out.back() != '[') out += ", ";
      appendPythonJson(out, item);
    }
    out += ']';
  } else if (const double* number = value.if_double()) {
    appendJsonDouble(out, *number);
  } else {
    out += json::serialize(value);
  }
}

/// What MLflow keeps of a model's description in the run's tag: without signatures, and flavors without their config.
json::object modelSummary(const json::object& model) {
  json::object summary;
  for (const auto& [key, value] : model)
    if (key == "run_id" || key == "utc_time_created" || key == "artifact_path" || key == "model_uuid")
      summary.emplace(key, value);
  json::object flavors;
  if (const json::value* all = model.if_contains("flavors"); all && all->is_object())
    for (const auto& [name, flavor] : all->get_object()) {
      json::value kept = flavor;
      if (json::object* members = kept.if_object()) members->erase("config");
      flavors.emplace(name, std::move(kept));
    }
  summary.emplace("flavors", std::move(flavors));
  return summary;
}

json::object parseModel(const std::string& text) {
  boost::system::error_code fault;
  json::parse_options options;
  options.max_depth = 32;
  json::value model = json::parse(text, fault, {}, options);
  if (fault) throw error(Code::invalid, "Malformed model info. \n {} \n is not a valid JSON.", text);
  std::string missing;
  for (std::string_view name : {"artifact_path", "flavors", "utc_time_created", "run_id"})
    if (!model.is_object() || !model.get_object().contains(name))
      missing += fmt::format("{}{}", missing.empty() ? "" : ", ", pythonText(name));
  if (!missing.empty()) throw error(Code::invalid, "Model json is missing mandatory fields: {{{}}}", missing);
  return std::move(model.get_object());
}

Empty logModel(Call& call, const LogModel& in) {
  const std::string& runId = runIdOf(in);
  std::string summary;
  appendPythonJson(summary, modelSummary(parseModel(in.model_json)));
  return writeInto(call, runId, [&](db::Transaction& transaction) {
    tracking::noteLoggedModel(transaction, call.workspace, runId, summary);
  });
}

Empty logInputs(Call& call, const LogInputs& in) {
  const std::string& runId = runIdOf(in);
  std::vector<tracking::NewInput> datasets;
  for (const wire::DatasetInput& input : in.datasets) {
    const wire::Dataset& d = input.dataset;
    datasets.push_back({{0, d.name, d.digest, d.source_type, d.source, d.schema.value_or(""), d.profile.value_or("")},
                        wire::textsOf(input.tags)});
  }
  std::vector<std::string> models;
  for (const wire::ModelInput& model : in.models) models.push_back(model.model_id);
  return linkRun(call, runId, [&](db::Transaction& transaction) {
    for (const std::string& model : models) requireModel(call, Verb::read, transaction, model);
    tracking::logInputs(transaction, call.workspace, runId, datasets, models);
  });
}

Empty logOutputs(Call& call, const LogOutputs& in) {
  const std::string& runId = runIdOf(in);
  std::vector<tracking::ModelOutput> models;
  for (const wire::ModelOutput& model : in.models) models.push_back({model.model_id, model.step});
  return linkRun(call, runId, [&](db::Transaction& transaction) {
    for (const tracking::ModelOutput& model : models) requireModel(call, Verb::read, transaction, model.modelId);
    tracking::logOutputs(transaction, call.workspace, runId, models);
  });
}

}  // namespace

std::span<const Route> runLogRoutes() {
  static const Route routes[] = {
      post("/api/2.0/mlflow/runs/log-metric", "Log a metric", writes("runs"), logMetric),
      post("/api/2.0/mlflow/runs/log-parameter", "Log a param", writes("runs"), logParameter),
      post("/api/2.0/mlflow/runs/set-tag", "Set a run tag", writes("runs"), setTag),
      post("/api/2.0/mlflow/runs/delete-tag", "Delete a run tag", writes("runs"), deleteTag),
      post("/api/2.0/mlflow/runs/log-batch", "Log metrics, params and tags of a run", writes("runs"), logBatch),
      post("/api/2.0/mlflow/runs/log-model", "Log an MLmodel file to a run", writes("runs"), logModel),
      post("/api/2.0/mlflow/runs/log-inputs", "Log datasets and models as inputs of a run", writes("runs"), logInputs),
      post("/api/2.0/mlflow/runs/outputs", "Log models as outputs of a run", writes("runs"), logOutputs),
  };
  return routes;
}

}  // namespace regesta::api::mlflow

#include "api/mlflow/logged_models.h"

#include "api/mlflow/artifact_list.h"
#include "api/mlflow/tracking_wire.h"
#include "api/tracking_scope.h"
#include "governance/gate.h"
#include "tracking/logged_model.h"
#include "tracking/model_search.h"
#include "tracking/rules.h"

namespace regesta::api::mlflow {
namespace {

using access::Verb;
using wire::KeyValue;

constexpr std::string_view statusWords[] = {"LOGGED_MODEL_PENDING", "LOGGED_MODEL_READY", "LOGGED_MODEL_UPLOAD_FAILED"};

struct LoggedModelInfo {
  std::string model_id, experiment_id, name;
  std::int64_t creation_timestamp_ms = 0, last_updated_timestamp_ms = 0;
  std::string artifact_uri, status;
  std::string model_type, source_run_id;
  std::vector<KeyValue> tags;
  static constexpr Field fields[] = {field<&LoggedModelInfo::model_id>("model_id"),
                                     field<&LoggedModelInfo::experiment_id>("experiment_id"),
                                     field<&LoggedModelInfo::name>("name"),
                                     field<&LoggedModelInfo::creation_timestamp_ms>("creation_timestamp_ms"),
                                     field<&LoggedModelInfo::last_updated_timestamp_ms>("last_updated_timestamp_ms"),
                                     field<&LoggedModelInfo::artifact_uri>("artifact_uri"),
                                     field<&LoggedModelInfo::status>("status"),
                                     field<&LoggedModelInfo::model_type>("model_type"),
                                     field<&LoggedModelInfo::source_run_id>("source_run_id"),
                                     field<&LoggedModelInfo::tags>("tags")};
};
struct LoggedModelData {
  std::vector<KeyValue> params;
  std::vector<wire::Metric> metrics;
  static constexpr Field fields[] = {field<&LoggedModelData::params>("params"),
                                     field<&LoggedModelData::metrics>("metrics")};
};
struct LoggedModel {
  LoggedModelInfo info;
  LoggedModelData data;
  static constexpr Field fields[] = {field<&LoggedModel::info>("info"), field<&LoggedModel::data>("data")};
};
struct OneLoggedModel {
  LoggedModel model;
  static constexpr Field fields[] = {field<&OneLoggedModel::model>("model")};
};
struct CreateLoggedModel {
  std::string experiment_id, name, model_type, source_run_id;
  std::vector<KeyValue> params, tags;
  static constexpr Field fields[] = {field<&CreateLoggedModel::experiment_id>("experiment_id", required),
                                     field<&CreateLoggedModel::name>("name"),
                                     field<&CreateLoggedModel::model_type>("model_type"),
                                     field<&CreateLoggedModel::source_run_id>("source_run_id"),
                                     field<&CreateLoggedModel::params>("params"),
                                     field<&CreateLoggedModel::tags>("tags")};
};
struct LoggedModelRef {
  std::string model_id;
  static constexpr Field fields[] = {field<&LoggedModelRef::model_id>("model_id", required)};
};
struct GetLoggedModel {
  std::string model_id;
  bool allow_deleted = false;
  static constexpr Field fields[] = {field<&GetLoggedModel::model_id>("model_id", required),
                                     field<&GetLoggedModel::allow_deleted>("allow_deleted")};
};
struct FinalizeLoggedModel {
  std::string model_id, status;
  static constexpr Field fields[] = {field<&FinalizeLoggedModel::model_id>("model_id", required),
                                     field<&FinalizeLoggedModel::status>("status", required | oneOf(statusWords))};
};
struct LoggedModelTags {
  std::string model_id;
  std::vector<KeyValue> tags;
  static constexpr Field fields[] = {field<&LoggedModelTags::model_id>("model_id", required),
                                     field<&LoggedModelTags::tags>("tags")};
};
struct LoggedModelTagRef {
  std::string model_id, tag_key;
  static constexpr Field fields[] = {field<&LoggedModelTagRef::model_id>("model_id", required),
                                     field<&LoggedModelTagRef::tag_key>("tag_key", required)};
};
struct LoggedModelParams {
  std::string model_id;
  std::vector<KeyValue> params;
  static constexpr Field fields[] = {field<&LoggedModelParams::model_id>("model_id", required),
                                     field<&LoggedModelParams::params>("params")};
};
struct LoggedModelFolder {
  std::string model_id, artifact_directory_path, page_token;
  static constexpr Field fields[] = {field<&LoggedModelFolder::model_id>("model_id", required),
                                     field<&LoggedModelFolder::artifact_directory_path>("artifact_directory_path"),
                                     field<&LoggedModelFolder::page_token>("page_token")};
};
struct SearchedDataset {
  std::string dataset_name, dataset_digest;
  static constexpr Field fields[] = {field<&SearchedDataset::dataset_name>("dataset_name"),
                                     field<&SearchedDataset::dataset_digest>("dataset_digest")};
};
struct SearchOrder {
  std::string field_name;
  bool ascending = true;
  std::string dataset_name, dataset_digest;
  static constexpr Field fields[] = {
      field<&SearchOrder::field_name>("field_name", required), field<&SearchOrder::ascending>("ascending"),
      field<&SearchOrder::dataset_name>("dataset_name"), field<&SearchOrder::dataset_digest>("dataset_digest")};
};
struct SearchLoggedModels {
  std::vector<std::string> experiment_ids;
  std::string filter, page_token;
  std::vector<SearchedDataset> datasets;
  std::int32_t max_results = 50;
  std::vector<SearchOrder> order_by;
  static constexpr Field fields[] = {field<&SearchLoggedModels::experiment_ids>("experiment_ids", required),
                                     field<&SearchLoggedModels::filter>("filter"),
                                     field<&SearchLoggedModels::datasets>("datasets"),
                                     field<&SearchLoggedModels::max_results>("max_results"),
                                     field<&SearchLoggedModels::order_by>("order_by"),
                                     field<&SearchLoggedModels::page_token>("page_token")};
};
struct FoundLoggedModels {
  std::vector<LoggedModel> models;
  std::optional<std::string> next_page_token;
  static constexpr Field fields[] = {field<&FoundLoggedModels::models>("models"),
                                     field<&FoundLoggedModels::next_page_token>("next_page_token")};
};

std::optional<std::string> maybe(const std::string& text) { return text.empty() ? std::nullopt : std::optional(text); }

LoggedModel wireOf(db::Transaction& transaction, const tracking::LoggedModel& model) {
  LoggedModel out{.info = {.model_id = model.modelId,
                           .experiment_id = std::to_string(model.experiment),
                           .name = model.name,
                           .creation_timestamp_ms = model.createdAt,
                           .last_updated_timestamp_ms = model.updatedAt,
                           .artifact_uri = model.artifactUri,
                           .status = std::string(statusWords[static_cast<std::size_t>(model.status) - 1]),
                           .model_type = model.modelType,
                           .source_run_id = model.sourceRun,
                           .tags = wire::listOf(model.tags)}};
  out.data.params = wire::listOf(model.params);
  for (const tracking::ModelMetric& m : tracking::modelMetrics(transaction, model.row)) {
    wire::Metric& metric = out.data.metrics.emplace_back(wire::metricOf(m.metric));
    metric.run_id = maybe(m.runId);
    metric.model_id = model.modelId;
    metric.dataset_name = maybe(m.datasetName);
    metric.dataset_digest = maybe(m.datasetDigest);
  }
  return out;
}

OneLoggedModel createLoggedModel(Call& call, const CreateLoggedModel& in) {
  tracking::NewLoggedModel made{.experiment = tracking::parseExperimentId(in.experiment_id),
                                .name = in.name,
                                .modelType = in.model_type,
                                .sourceRun = in.source_run_id,
                                .params = wire::textsOf(in.params),
                                .tags = wire::textsOf(in.tags)};
  return call.core.store.write([&](db::Transaction& transaction) -> OneLoggedModel {
    requireExperiment(call, Verb::write, transaction, made.experiment);
    if (!made.sourceRun.empty()) requireRun(call, Verb::read, transaction, made.sourceRun);
    return {wireOf(transaction, tracking::createLoggedModel(transaction, call.workspace, made))};
  });
}

OneLoggedModel getLoggedModel(Call& call, const GetLoggedModel& in) {
  return call.core.store.read([&](db::Transaction& transaction) -> OneLoggedModel {
    auto model = tracking::getLoggedModel(transaction, call.workspace, in.model_id, in.allow_deleted);
    requirePart(call, Verb::read, transaction, model.experiment, {"logged model", in.model_id});
    return {wireOf(transaction, model)};
  });
}

OneLoggedModel finalizeLoggedModel(Call& call, const FinalizeLoggedModel& in) {
  auto place = std::find(std::begin(statusWords), std::end(statusWords), in.status);
  auto status = static_cast<tracking::ModelStatus>(place - std::begin(statusWords) + 1);
  return call.core.store.change(call.actor(), [&](registry::Change& change) -> OneLoggedModel {
    requireModel(call, Verb::write, change.transaction, in.model_id);
    return {wireOf(change.transaction, tracking::finalizeLoggedModel(change, call.workspace, in.model_id, status))};
  });
}

Empty deleteLoggedModel(Call& call, const LoggedModelRef& in) {
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    requireModel(call, Verb::write, change.transaction, in.model_id);
    tracking::deleteLoggedModel(
        change, call.workspace, in.model_id,
        governance::Gate::removal(change, *call.identity, call.workspace, "logged-model/" + in.model_id));
  });
  return {};
}

/// What changes a model that a version is made of is recorded.
template <class Fn>
void writeInto(Call& call, const std::string& modelId, Fn fn) {
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    requireModel(call, Verb::write, change.transaction, modelId);
    tracking::changeModels(change, call.workspace, {modelId}, [&] { fn(change.transaction); });
  });
}

Empty setLoggedModelTags(Call& call, const LoggedModelTags& in) {
  writeInto(call, in.model_id, [&](db::Transaction& transaction) {
    tracking::setLoggedModelTags(transaction, call.workspace, in.model_id, wire::textsOf(in.tags));
  });
  return {};
}

Empty deleteLoggedModelTag(Call& call, const LoggedModelTagRef& in) {
  writeInto(call, in.model_id, [&](db::Transaction& transaction) {
    tracking::deleteLoggedModelTag(transaction, call.workspace, in.model_id, in.tag_key);
  });
  return {};
}

Empty logLoggedModelParams(Call& call, const LoggedModelParams& in) {
  writeInto(call, in.model_id, [&](db::Transaction& transaction) {
    tracking::addLoggedModelParams(transaction, call.workspace, in.model_id, wire::textsOf(in.params));
  });
  return {};
}

wire::FileList listLoggedModelArtifacts(Call& call, const LoggedModelFolder& in) {
  auto uri = call.core.store.read([&](db::Transaction& transaction) {
    auto model = tracking::getLoggedModel(transaction, call.workspace, in.model_id);
    requirePart(call, Verb::read, transaction, model.experiment, {"logged model", in.model_id});
    return model.artifactUri;
  });
  return listBelow(call, uri, in.artifact_directory_path);
}

FoundLoggedModels searchLoggedModels(Call& call, const SearchLoggedModels& in) {
  tracking::ModelSearch search{
      .experiments = in.experiment_ids, .filter = in.filter, .maxResults = in.max_results, .pageToken = in.page_token};
  for (const SearchedDataset& dataset : in.datasets)
    search.datasets.push_back({dataset.dataset_name, dataset.dataset_digest});
  for (const SearchOrder& order : in.order_by)
    search.orderBy.push_back({order.field_name, order.ascending, {order.dataset_name, order.dataset_digest}});
  return call.core.store.read([&](db::Transaction& transaction) {
    for (const std::string& id : in.experiment_ids)
      requireExperiment(call, Verb::read, transaction, tracking::parseExperimentId(id));
    auto page = tracking::searchLoggedModels(transaction, call.workspace, search);
    FoundLoggedModels found;
    for (const tracking::LoggedModel& model : page.items) found.models.push_back(wireOf(transaction, model));
    if (!page.nextPageToken.empty()) found.next_page_token = page.nextPageToken;
    return found;
  });
}

}  // namespace

std::span<const Route> loggedModelRoutes() {
  static const Route routes[] = {
      post("/api/2.0/mlflow/logged-models", "Create a logged model", writes("logged models"), createLoggedModel),
      post("/api/2.0/mlflow/logged-models/search", "Search logged models", scanning(reads("logged models")),
           searchLoggedModels),
      get("/api/2.0/mlflow/logged-models/{model_id}", "Get a logged model", reads("logged models"), getLoggedModel),
      patch("/api/2.0/mlflow/logged-models/{model_id}", "Finalize a logged model", writes("logged models"),
            finalizeLoggedModel),
      del("/api/2.0/mlflow/logged-models/{model_id}", "Delete a logged model", writes("logged models"),
          deleteLoggedModel),
      patch("/api/2.0/mlflow/logged-models/{model_id}/tags", "Set tags of a logged model", writes("logged models"),
            setLoggedModelTags),
      del("/api/2.0/mlflow/logged-models/{model_id}/tags/{tag_key...}", "Delete a tag of a logged model",
          writes("logged models"), deleteLoggedModelTag),
      post("/api/2.0/mlflow/logged-models/{model_id}/params", "Log params of a logged model", writes("logged models"),
           logLoggedModelParams),
      get("/api/2.0/mlflow/logged-models/{model_id}/artifacts/directories", "List artifacts of a logged model",
          scanning(reads("logged models")), listLoggedModelArtifacts),
  };
  return routes;
}

}  // namespace regesta::api::mlflow

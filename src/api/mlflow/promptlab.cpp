#include "api/mlflow/promptlab.h"

#include "api/mlflow/artifact_place.h"
#include "api/mlflow/tracking_wire.h"
#include "api/tracking_scope.h"
#include "base/time.h"
#include "tracking/artifact.h"
#include "tracking/history.h"
#include "tracking/record.h"
#include "tracking/rules.h"

namespace regesta::api::mlflow {
namespace {

using access::Verb;
using wire::KeyValue;

constexpr std::string_view tableFile = "eval_results_table.json";

struct LabParameter {
  std::string key;
  RawJson value;  ///< a text or a number
  static constexpr Field fields[] = {field<&LabParameter::key>("key"), field<&LabParameter::value>("value")};
};
struct CreateLabRun {
  std::string experiment_id, run_name, prompt_template, model_route, model_input, model_output, mlflow_version, user_id;
  std::vector<KeyValue> tags;
  std::vector<LabParameter> prompt_parameters, model_parameters, model_output_parameters;
  std::optional<std::int64_t> start_time;
  static constexpr Field fields[] = {
      field<&CreateLabRun::experiment_id>("experiment_id"),
      field<&CreateLabRun::run_name>("run_name"),
      field<&CreateLabRun::tags>("tags"),
      field<&CreateLabRun::prompt_template>("prompt_template"),
      field<&CreateLabRun::prompt_parameters>("prompt_parameters"),
      field<&CreateLabRun::model_route>("model_route"),
      field<&CreateLabRun::model_parameters>("model_parameters"),
      field<&CreateLabRun::model_input>("model_input"),
      field<&CreateLabRun::model_output>("model_output"),
      field<&CreateLabRun::model_output_parameters>("model_output_parameters"),
      field<&CreateLabRun::mlflow_version>("mlflow_version"),
      field<&CreateLabRun::user_id>("user_id"),
      field<&CreateLabRun::start_time>("start_time", about("milliseconds; default: now"))};
};
struct LabRun {
  wire::Run run;
  static constexpr Field fields[] = {field<&LabRun::run>("run")};
};
struct ProxyQuery {
  std::string gateway_path;
  static constexpr Field fields[] = {field<&ProxyQuery::gateway_path>("gateway_path")};
};
struct ProxyCall {
  std::string gateway_path;
  RawJson json_data;
  static constexpr Field fields[] = {field<&ProxyCall::gateway_path>("gateway_path"),
                                     field<&ProxyCall::json_data>("json_data")};
};
/// Clients need the list even if it is empty.
struct ProxyAnswer {
  RawJson endpoints;
  static constexpr Field fields[] = {field<&ProxyAnswer::endpoints>("endpoints")};
};

void requireMember(bool given, std::string_view name) {
  if (!given) throw error(Code::invalid, "CreatePromptlabRun request must specify {}.", name);
}

void check(const CreateLabRun& in) {
  requireMember(!in.experiment_id.empty(), "experiment_id");
  requireMember(!in.prompt_template.empty(), "prompt_template");
  requireMember(!in.prompt_parameters.empty(), "prompt_parameters");
  requireMember(!in.model_route.empty(), "model_route");
  requireMember(!in.model_input.empty(), "model_input");
  requireMember(!in.mlflow_version.empty(), "mlflow_version");
}

std::string textOf(const LabParameter& parameter) {
  json::value value = parameter.value.text.empty() ? json::value() : parseJson(parameter.value.text);
  if (value.is_string()) return std::string(value.get_string());
  if (!value.is_double()) return json::serialize(value);
  std::string text;  // as Python writes it: 0.1, not 1E-1
  JsonWriter(text).real(value.get_double());
  return text;
}

/// The table of one row that MLflow's evaluation view reads.
std::string tableOf(const CreateLabRun& in) {
  json::array columns, row;
  auto add = [&](std::string_view column, std::string_view value) {
    columns.emplace_back(column);
    row.emplace_back(value);
  };
  for (const LabParameter& one : in.prompt_parameters) add(one.key, textOf(one));
  add("prompt", in.model_input);
  add("output", in.model_output);
  for (const LabParameter& one : in.model_output_parameters) add(one.key, textOf(one));
  json::array rows;
  rows.emplace_back(std::move(row));
  return writeJson(json::object{{"columns", std::move(columns)}, {"data", std::move(rows)}});
}

tracking::Batch batchOf(const CreateLabRun& in) {
  tracking::Batch batch;
  for (const LabParameter& one : in.model_parameters) batch.params.emplace_back(one.key, textOf(one));
  batch.params.emplace_back("model_route", in.model_route);
  batch.params.emplace_back("prompt_template", in.prompt_template);
  batch.tags.emplace_back("mlflow.loggedArtifacts", fmt::format(R"([{{"path": "{}", "type": "table"}}])", tableFile));
  batch.tags.emplace_back("mlflow.runSourceType", "PROMPT_ENGINEERING");
  return batch;
}

/// The prompt lab's "Create run": an ended run with the table. Unlike in MLflow it has no model.
LabRun createLabRun(Call& call, const CreateLabRun& in) {
  check(in);
  tracking::NewRun made{.experiment = tracking::parseExperimentId(in.experiment_id),
                        .userId = in.user_id.empty() ? "unknown" : in.user_id,
                        .name = in.run_name,
                        .startTime = in.start_time.value_or(nowMillis()),
                        .tags = wire::textsOf(in.tags)};
  call.core.store.read([&](db::Transaction& t) { requireExperiment(call, Verb::write, t, made.experiment); });
  blob::Stored table = blob::put(call.core.blobs, tableOf(in));
  std::string runId = call.core.store.change(call.actor(), [&](registry::Change& change) {
    requireExperiment(call, Verb::write, change.transaction, made.experiment);
    tracking::Run run = tracking::createRun(change.transaction, call.workspace, made);
    tracking::logBatch(change.transaction, call.workspace, run.runId, batchOf(in));
    Place place = placeOf(call, run.artifactUri, tableFile);
    if (place.kind != Place::Kind::tree)
      throw error(Code::invalid, "The artifacts of experiment {} are at '{}', where this server does not write",
                  in.experiment_id, run.artifactUri);
    tracking::putArtifact(change, call.workspace, place.path, table);
    return run.runId;
  });
  tracking::updateRun(call.core.store, call.actor(), call.workspace, runId,
                      {.status = tracking::RunStatus::finished, .endTime = nowMillis(), .name = in.run_name});
  return call.core.store.read([&](db::Transaction& transaction) -> LabRun {
    wire::Datasets datasets(transaction);
    return {wire::runOf(tracking::getRun(transaction, call.workspace, runId), datasets)};
  });
}

std::string_view withoutSlashes(std::string_view path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  while (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

[[noreturn]] void refusePath(std::string_view path, std::string_view method) {
  if (path.empty()) throw Error(Code::invalid, "Deployments proxy request must specify a gateway_path.");
  throw error(Code::invalid, "Invalid gateway_path: {} for method: {}", path, method);
}

/// As from MLflow's server without MLFLOW_DEPLOYMENTS_TARGET: there is no gateway.
ProxyAnswer proxyList(Call&, const ProxyQuery& in) {
  std::string_view path = withoutSlashes(in.gateway_path);
  if (!path.empty() && path != "api/2.0/endpoints") refusePath(in.gateway_path, "GET");
  return {{"[]"}};
}

ProxyAnswer proxyCall(Call&, const ProxyCall& in) {
  constexpr std::string_view before = "gateway/", after = "/invocations";
  std::string_view path = withoutSlashes(in.gateway_path);
  bool known = path.size() > before.size() + after.size() && path.starts_with(before) && path.ends_with(after) &&
               path.substr(before.size(), path.size() - before.size() - after.size()).find('/') == path.npos;
  if (!known) refusePath(in.gateway_path, "POST");
  throw error(Code::notFound, "No gateway: this server does not call models. Call the model of '{}' yourself.", path);
}

}  // namespace

std::span<const Route> promptlabRoutes() {
  static const Route routes[] = {
      post("/api/2.0/mlflow/runs/create-promptlab-run", "Create a run from a trial of a prompt", writes("runs"),
           createLabRun),
      get("/api/2.0/mlflow/gateway-proxy", "List endpoints of MLflow's deployments server", reads("the gateway"),
          proxyList),
      post("/api/2.0/mlflow/gateway-proxy", "Run a model through MLflow's deployments server", reads("the gateway"),
           proxyCall),
  };
  return routes;
}

}  // namespace regesta::api::mlflow

#include "gateway/endpoint.h"

#include <algorithm>

#include "api/mlflow/gateway.h"
#include "api/mlflow/gateway_wire.h"
#include "api/tracking_scope.h"
#include "base/id.h"
#include "tracking/experiment.h"
#include "tracking/rules.h"

namespace regesta::api::mlflow {
namespace {

using access::Verb;
using wire::GatewayModelConfig;

struct GatewayEndpoint {
  std::string endpoint_id, name;
  std::int64_t created_at = 0, last_updated_at = 0;
  std::vector<wire::GatewayMapping> model_mappings;
  std::string created_by, last_updated_by;
  std::vector<wire::KeyValue> tags;
  std::optional<std::string> routing_strategy;
  std::optional<wire::GatewayFallback> fallback_config;
  std::optional<std::string> experiment_id;
  bool usage_tracking = true;
  static constexpr Field fields[] = {
      field<&GatewayEndpoint::endpoint_id>("endpoint_id"),
      field<&GatewayEndpoint::name>("name"),
      field<&GatewayEndpoint::created_at>("created_at"),
      field<&GatewayEndpoint::last_updated_at>("last_updated_at"),
      field<&GatewayEndpoint::model_mappings>("model_mappings"),
      field<&GatewayEndpoint::created_by>("created_by"),
      field<&GatewayEndpoint::last_updated_by>("last_updated_by"),
      field<&GatewayEndpoint::tags>("tags"),
      field<&GatewayEndpoint::routing_strategy>("routing_strategy", oneOf(wire::routingWords)),
      field<&GatewayEndpoint::fallback_config>("fallback_config"),
      field<&GatewayEndpoint::experiment_id>("experiment_id"),
      field<&GatewayEndpoint::usage_tracking>("usage_tracking")};
};
struct OneGatewayEndpoint {
  GatewayEndpoint endpoint;
  static constexpr Field fields[] = {field<&OneGatewayEndpoint::endpoint>("endpoint")};
};
struct GatewayEndpoints {
  std::vector<GatewayEndpoint> endpoints;
  static constexpr Field fields[] = {field<&GatewayEndpoints::endpoints>("endpoints")};
};
struct CreateGatewayEndpoint {
  std::string name;
  std::vector<GatewayModelConfig> model_configs;
  std::string created_by, routing_strategy;
  std::optional<wire::GatewayFallback> fallback_config;
  std::optional<std::string> experiment_id;
  std::optional<bool> usage_tracking;
  static constexpr Field fields[] = {
      field<&CreateGatewayEndpoint::name>("name", required),
      field<&CreateGatewayEndpoint::model_configs>("model_configs", required),
      field<&CreateGatewayEndpoint::created_by>("created_by"),
      field<&CreateGatewayEndpoint::routing_strategy>("routing_strategy", oneOf(wire::routingWords)),
      field<&CreateGatewayEndpoint::fallback_config>("fallback_config"),
      field<&CreateGatewayEndpoint::experiment_id>("experiment_id"),
      field<&CreateGatewayEndpoint::usage_tracking>("usage_tracking")};
};
struct UpdateGatewayEndpoint {
  std::string endpoint_id, name, updated_by;
  std::vector<GatewayModelConfig> model_configs;
  std::string routing_strategy;
  std::optional<wire::GatewayFallback> fallback_config;
  std::optional<std::string> experiment_id;
  std::optional<bool> usage_tracking;
  static constexpr Field fields[] = {
      field<&UpdateGatewayEndpoint::endpoint_id>("endpoint_id", required),
      field<&UpdateGatewayEndpoint::name>("name"),
      field<&UpdateGatewayEndpoint::updated_by>("updated_by"),
      field<&UpdateGatewayEndpoint::model_configs>("model_configs"),
      field<&UpdateGatewayEndpoint::routing_strategy>("routing_strategy", oneOf(wire::routingWords)),
      field<&UpdateGatewayEndpoint::fallback_config>("fallback_config"),
      field<&UpdateGatewayEndpoint::experiment_id>("experiment_id"),
      field<&UpdateGatewayEndpoint::usage_tracking>("usage_tracking")};
};
struct GatewayEndpointRef {
  std::string endpoint_id, name;
  static constexpr Field fields[] = {field<&GatewayEndpointRef::endpoint_id>("endpoint_id"),
                                     field<&GatewayEndpointRef::name>("name")};
};
struct GatewayEndpointId {
  std::string endpoint_id;
  static constexpr Field fields[] = {field<&GatewayEndpointId::endpoint_id>("endpoint_id", required)};
};
struct ListGatewayEndpoints {
  std::string provider, secret_id;
  static constexpr Field fields[] = {field<&ListGatewayEndpoints::provider>("provider"),
                                     field<&ListGatewayEndpoints::secret_id>("secret_id")};
};

GatewayEndpoint wireOf(db::Transaction& transaction, const std::string& workspace, const gateway::Endpoint& e) {
  GatewayEndpoint out{.endpoint_id = e.endpointId,
                      .name = e.name,
                      .created_at = e.stamp.createdAt,
                      .last_updated_at = e.stamp.updatedAt,
                      .created_by = e.stamp.createdBy,
                      .last_updated_by = e.stamp.updatedBy,
                      .routing_strategy = wire::unlessEmpty(e.routing),
                      .usage_tracking = e.usageTracking};
  for (const gateway::Mapping& mapping : e.models)
    out.model_mappings.push_back(wire::mappingOf(transaction, workspace, e.endpointId, mapping));
  for (const auto& [key, value] : e.tags) out.tags.push_back({key, value});
  if (e.fallback) out.fallback_config = {wire::unlessEmpty(e.fallback->strategy), e.fallback->attempts};
  if (e.experiment) out.experiment_id = std::to_string(*e.experiment);
  return out;
}

void checkEndpointName(const std::string& name) {
  bool fits = std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
  });
  if (!fits)
    throw error(Code::invalid,
                "Invalid endpoint name '{}'. Name can only contain letters, numbers, underscores, hyphens, and dots.",
                name);
}

std::vector<gateway::Mapping> mappingsOf(const std::vector<GatewayModelConfig>& configs, const std::string& by) {
  std::vector<gateway::Mapping> mappings;
  for (std::size_t i = 0; i < configs.size(); ++i)
    mappings.push_back(wire::mappingOf(configs[i], fmt::format("model_configs[{}]", i), by));
  return mappings;
}

gateway::Fallback fallbackOf(const std::optional<wire::GatewayFallback>& config) {
  return config ? gateway::Fallback{config->strategy.value_or(""), config->max_attempts} : gateway::Fallback();
}

bool hasFallback(const gateway::Endpoint& e) {
  return std::ranges::any_of(e.models, [](const gateway::Mapping& m) { return m.linkage == "FALLBACK"; });
}

/// Of the traces of an endpoint for which the client names none: gateway/NAME, created if there is none.
std::int64_t experimentFor(Call& call, registry::Change& change, const gateway::Endpoint& e) {
  std::string name = "gateway/" + e.name;
  call.require(Verb::write, name);
  if (auto found = tracking::findExperimentByName(change.transaction, call.workspace, name)) return found->id;
  tracking::Texts tags{{"mlflow.experiment.sourceType", "GATEWAY"},
                       {"mlflow.experiment.sourceId", e.endpointId},
                       {"mlflow.experiment.isGateway", "true"}};
  return tracking::createExperiment(change, call.workspace, name, "", tags, call.core.artifactRoot).id;
}

void setExperiment(Call& call, registry::Change& change, gateway::Endpoint& e,
                   const std::optional<std::string>& named) {
  if (named) {
    std::int64_t id = tracking::parseExperimentId(*named);
    requireExperiment(call, Verb::write, change.transaction, id);
    e.experiment = tracking::getExperiment(change.transaction, call.workspace, id).id;
  } else if (e.usageTracking && !e.experiment) {
    e.experiment = experimentFor(call, change, e);
  }
}

OneGatewayEndpoint createEndpoint(Call& call, const CreateGatewayEndpoint& in) {
  checkEndpointName(in.name);
  return call.core.store.change(call.actor(), [&](registry::Change& change) -> OneGatewayEndpoint {
    gateway::Endpoint told{.endpointId = "e-" + randomHex(16),
                           .name = in.name,
                           .routing = in.routing_strategy,
                           .usageTracking = in.usage_tracking.value_or(true),
                           .models = mappingsOf(in.model_configs, in.created_by),
                           .stamp = {.createdBy = in.created_by, .updatedBy = in.created_by}};
    if (in.fallback_config || hasFallback(told)) told.fallback = fallbackOf(in.fallback_config);
    setExperiment(call, change, told, in.experiment_id);
    return {
        wireOf(change.transaction, call.workspace, gateway::createEndpoint(change, call.workspace, std::move(told)))};
  });
}

OneGatewayEndpoint getEndpoint(Call& call, const GatewayEndpointRef& in) {
  requireGatewayReader(call);
  if (in.endpoint_id.empty() == in.name.empty())
    throw Error(Code::invalid, "Exactly one of endpoint_id or name must be provided");
  return call.core.store.read([&](db::Transaction& transaction) -> OneGatewayEndpoint {
    return {wireOf(transaction, call.workspace,
                   in.name.empty() ? gateway::getEndpoint(transaction, call.workspace, in.endpoint_id)
                                   : gateway::getEndpointByName(transaction, call.workspace, in.name))};
  });
}

OneGatewayEndpoint updateEndpoint(Call& call, const UpdateGatewayEndpoint& in) {
  checkEndpointName(in.name);
  return call.core.store.change(call.actor(), [&](registry::Change& change) -> OneGatewayEndpoint {
    gateway::Endpoint changed = gateway::getEndpoint(change.transaction, call.workspace, in.endpoint_id);
    if (!in.name.empty()) changed.name = in.name;
    if (!in.routing_strategy.empty()) changed.routing = in.routing_strategy;
    if (in.usage_tracking) changed.usageTracking = *in.usage_tracking;
    if (!in.model_configs.empty()) changed.models = mappingsOf(in.model_configs, in.updated_by);
    if (in.fallback_config || !in.model_configs.empty()) changed.fallback = fallbackOf(in.fallback_config);
    if (!in.updated_by.empty()) changed.stamp.updatedBy = in.updated_by;
    if (in.experiment_id || in.usage_tracking.value_or(false)) setExperiment(call, change, changed, in.experiment_id);
    return {
        wireOf(change.transaction, call.workspace, gateway::saveEndpoint(change, call.workspace, std::move(changed)))};
  });
}

Empty deleteEndpoint(Call& call, const GatewayEndpointId& in) {
  call.core.store.change(
      call.actor(), [&](registry::Change& change) { gateway::deleteEndpoint(change, call.workspace, in.endpoint_id); });
  return {};
}

/// Endpoints with at least one model that fits both; those without models are left out, as in MLflow.
GatewayEndpoints listEndpoints(Call& call, const ListGatewayEndpoints& in) {
  requireGatewayReader(call);
  return call.core.store.read([&](db::Transaction& transaction) {
    std::vector<gateway::Model> fitting = gateway::listModels(transaction, call.workspace, in.provider, in.secret_id);
    auto fits = [&](const gateway::Mapping& mapping) {
      return std::ranges::find(fitting, mapping.modelId, &gateway::Model::modelId) != fitting.end();
    };
    GatewayEndpoints found;
    for (const gateway::Endpoint& endpoint : gateway::listEndpoints(transaction, call.workspace))
      if (std::ranges::any_of(endpoint.models, fits))
        found.endpoints.push_back(wireOf(transaction, call.workspace, endpoint));
    return found;
  });
}

}  // namespace

std::span<const Route> gatewayEndpointRoutes() {
  constexpr std::string_view what = "the gateway";
  static const Route routes[] = {
      post("/api/3.0/mlflow/gateway/endpoints/create", "Create an endpoint of the gateway", administers(what),
           createEndpoint),
      get("/api/3.0/mlflow/gateway/endpoints/get", "Get an endpoint of the gateway", reads(what), getEndpoint),
      get("/api/3.0/mlflow/gateway/endpoints/list", "List endpoints of the gateway", scanning(reads(what)),
          listEndpoints),
      post("/api/3.0/mlflow/gateway/endpoints/update", "Update an endpoint of the gateway", administers(what),
           updateEndpoint),
      del("/api/3.0/mlflow/gateway/endpoints/delete", "Delete an endpoint of the gateway", administers(what),
          deleteEndpoint),
  };
  return routes;
}

}  // namespace regesta::api::mlflow
